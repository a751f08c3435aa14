"""A caller's call, from its address to its answer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from lyceum.gateway import http, keys
from lyceum.gateway.http import Head
from lyceum.gateway.metrics import Error, Metrics
from lyceum.gateway.pending import Pending
from lyceum.gateway.problems import Problem
from lyceum.gateway.queue import Service

Read = Callable[[int], Awaitable[bytes]]

_KEPT_INPUT = 10_000


@dataclass(slots=True)
class Calls:
    """Handles calls; ``last_used`` says when each key (by its primary key) was used last."""

    metrics: Metrics
    rates: keys.Rates = field(default_factory=keys.Rates)
    last_used: dict[int, float] = field(default_factory=dict)

    async def handle(
        self, service: Service | None, method: str, query: bytes, head: Head, read: Read
    ) -> http.Answer:
        """The answer to one call of ``service``, None for an address that is no service's.

        ``read`` gives a body of at most so many bytes. Raises `http.Gone`.
        """
        began = time.perf_counter()
        body = b""
        known = None
        try:
            if service is None:
                raise Problem("unknown_service")
            if method != "POST":
                raise Problem("wrong_method")
            key = self.admit(service, query, head)
            known = service
            self.rates.spend(key, 1, began)
            http.must_be_json(head.content_type)
            limits = service.route.limits
            body = await read(limits.body_bytes)
            runs, batch = service.known.plan.read(body)
            if len(runs) > 1:
                self.rates.owe(key, len(runs) - 1)
            made = service.submit(runs)
            output = await gather(made) if batch else await made[0].future
        except Problem as problem:
            self.note(known, began, problem, body)
            return http.refusal(problem, head.chinese)
        self.note(known, began)
        return http.Answer(200, output)

    def keep(self, known: set[int]) -> None:
        """Forget the keys that are not among ``known``."""
        self.rates.keep(known)
        for gone in self.last_used.keys() - known:
            del self.last_used[gone]

    def admit(self, service: Service, query: bytes, head: Head) -> keys.Key:
        """The key that the call brings. Raises `Problem`."""
        now = time.time()
        plain = keys.given(query, head.authorization)
        key = keys.find(service.route.keys, plain, now)
        self.last_used[key.id] = now
        self.metrics.saw("key", key.id, now)
        return key

    def note(
        self,
        service: Service | None,
        began: float,
        problem: Problem | None = None,
        body: bytes = b"",
    ) -> None:
        """Count a call of ``service`` that ``began`` then, and keep its error.

        Without a key there is nothing to count: strangers don't fill an owner's charts.
        """
        if service is None:
            return
        route = service.route
        if service.last_call is not None:
            self.metrics.saw("service", route.service, service.last_call)
        milliseconds = (time.perf_counter() - began) * 1000
        self.metrics.count(route.service, milliseconds, problem.status if problem else 200)
        if problem is None or problem.status == 429:
            return
        kept = None if route.redact else body[:_KEPT_INPUT].decode("utf-8", "replace")
        error = Error(
            at=time.time(),
            status=problem.status,
            code=problem.code,
            message=problem.message or problem.sentence(chinese=False),
            chinese=problem.message or problem.sentence(chinese=True),
            field=problem.field,
            input=kept,
            traceback=problem.traceback,
        )
        self.metrics.error(route.service, error)


async def gather(made: list[Pending]) -> bytes:
    """The outputs of a batch as one JSON list.

    Raises the first `Problem` with the place of its input; the others are given up.
    """
    try:
        return b"[" + b",".join(await every(made)) + b"]"
    finally:
        give_up(made)


async def every(made: list[Pending]) -> list[bytes]:
    """What came back for each; raises the first `Problem` with the place of its input."""
    outputs = []
    for place, pending in enumerate(made):
        try:
            outputs.append(await pending.future)
        except Problem as problem:
            problem.field = f"[{place}]"
            raise
    return outputs


def give_up(made: list[Pending]) -> None:
    """Leave what has no answer yet, and take what has one, so that asyncio is content."""
    for pending in made:
        if not pending.future.cancel():
            pending.future.exception()
