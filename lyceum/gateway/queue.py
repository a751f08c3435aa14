"""A service at work: who waits, which replica gets the next batch, what is given up."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from typing import Any

from lyceum.gateway import frames
from lyceum.gateway.pending import Pending
from lyceum.gateway.problems import Problem
from lyceum.gateway.replicas import Replica
from lyceum.gateway.routes import Known, Route

log = logging.getLogger("lyceum.gateway")

WAKE_SECONDS = 60.0
_RETRY_SECONDS = 1
_DEPLOY_SECONDS = 5
# A worker's supervisor ends a run one second after its time; then it is our turn.
_STUCK_SECONDS = 3.0
_BATCH_BYTES = 16 << 20
_WAITING_BYTES = 64 << 20
_LARGEST_RUN = frames.LARGEST - 64


class Service:
    """The queue and the replicas of one service; outlives the versions of its route."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.last_call: float | None = None
        self.wake_asked = False
        self.replicas: dict[str, Replica] = {}
        self._leaving: set[Replica] = set()
        self._without_socket: set[str] = set()
        self._waiting: deque[Pending] = deque()
        self._waiting_bytes = 0
        self._open = True
        self._loop = asyncio.get_running_loop()
        self.update(known)

    @property
    def route(self) -> Route:
        """The service's route in force."""
        return self.known.route

    @property
    def in_flight(self) -> int:
        """How many requests are with workers."""
        return sum(replica.in_flight for replica in self.every_replica())

    def every_replica(self) -> list[Replica]:
        """Its replicas, and those that only finish what they have."""
        return [*self.replicas.values(), *self._leaving]

    def status(self) -> dict[str, Any]:
        """As ``/internal/status`` has it."""
        return {
            "queue": len(self._waiting),
            "in_flight": self.in_flight,
            "last_call": self.last_call,
            "wake_asked": self.wake_asked,
        }

    def update(self, known: Known) -> None:
        """Take in a new version of the route."""
        self.known = known
        route = known.route
        self._begin_missing()
        wanted = {replica.id for replica in route.replicas}
        for uid in self.replicas.keys() - wanted:
            self._end(self.replicas.pop(uid))
        if route.state != "paused":
            self.wake_asked = False
        if code := _refusal(route):
            self._refuse(code)
        self.free()

    def close(self) -> None:
        """The service is no more: whoever waits is told so."""
        self._refuse("unknown_service")
        self._open = False
        for replica in self.replicas.values():
            self._end(replica)
        self.replicas.clear()

    @property
    def gone(self) -> bool:
        """Whether a closed service has nothing left to do."""
        return not self._leaving

    def end(self) -> None:
        """Close every connection at once, for the gateway's own end."""
        for replica in self.every_replica():
            replica.close()

    def submit(self, runs: list[bytes], flags: int = 0) -> list[Pending]:
        """Queue the runs of a call.

        Raises `Problem` when the service takes no calls or has too many waiting.
        """
        route = self.known.route
        if code := _refusal(route):
            raise Problem(code, retry_after=_DEPLOY_SECONDS if code == "deploying" else None)
        if any(len(arguments) > _LARGEST_RUN for arguments in runs):
            raise Problem("body_too_large", limit=route.limits.body_bytes)
        size = sum(map(len, runs))
        if not self._has_room(len(runs), size):
            self._forget_done()
            if not self._has_room(len(runs), size):
                raise Problem("queue_full", retry_after=_RETRY_SECONDS)
        seconds = route.limits.timeout_seconds
        if route.active_revision is None:
            seconds = max(seconds, WAKE_SECONDS)
            self.wake_asked = route.state == "paused"
        self.last_call = time.time()
        made = [Pending(arguments, seconds, self._loop, flags) for arguments in runs]
        self._waiting.extend(made)
        self._waiting_bytes += size
        self.free()
        return made

    def free(self) -> None:
        """Give whoever waits to replicas that can take a batch."""
        waiting = self._waiting
        while waiting:
            active = self.known.route.active_revision
            idle = [
                replica
                for replica in self.replicas.values()
                if replica.idle and replica.revision == active
            ]
            if not idle:
                return
            replica = min(idle, key=lambda each: each.last_sent)
            share = math.ceil(len(waiting) / len(idle))
            if batch := self._take(min(share, replica.most)):
                replica.send(batch)

    def lost(self, left: list[Pending], size: int) -> None:
        """A worker died with ``left``: whose fault it was shows when each is tried alone."""
        if size == 1:
            left[0].fail(Problem("worker_died"))
            return
        for pending in left:
            pending.alone = True
        self._waiting.extendleft(reversed(left))
        self._waiting_bytes += sum(len(pending.arguments) for pending in left)
        self.free()

    def sweep(self, now: float) -> None:
        """Answer those whose time is up, and give up workers that hold theirs too long."""
        for pending in self._waiting:
            if now >= pending.deadline:
                pending.late()
        self._forget_done()
        self._begin_missing()
        longest = self.route.limits.timeout_seconds + _STUCK_SECONDS
        for replica in self.every_replica():
            replica.sweep(now, longest)
        self._leaving = {replica for replica in self._leaving if replica.in_flight}

    def _take(self, most: int) -> list[Pending]:
        if not self.known.route.batch:
            most = 1
        batch: list[Pending] = []
        size = 0
        while self._waiting and len(batch) < most:
            pending = self._waiting[0]
            size += len(pending.arguments)
            if batch and (pending.alone or size > _BATCH_BYTES):
                break
            self._waiting.popleft()
            self._waiting_bytes -= len(pending.arguments)
            if pending.done:
                continue
            batch.append(pending)
            if pending.alone:
                break
        return batch

    def _begin_missing(self) -> None:
        for route in self.known.route.replicas if self._open else ():
            if route.id in self.replicas:
                continue
            try:
                self.replicas[route.id] = Replica(route, self)
            except OSError as error:
                # Its folder may be on its way: the next sweep tries again.
                if route.id not in self._without_socket:
                    log.error("replica %s: no socket in %s: %s", route.id, route.folder, error)
                self._without_socket.add(route.id)

    def _end(self, replica: Replica) -> None:
        self._leaving.add(replica)
        replica.leave()

    def _refuse(self, code: str) -> None:
        for pending in self._waiting:
            pending.fail(Problem(code))
        self._waiting.clear()
        self._waiting_bytes = 0

    def _has_room(self, runs: int, size: int) -> bool:
        """Whether so many more may wait; one alone may always, however large."""
        if not self._waiting:
            return runs <= self.route.limits.queue
        fits = self._waiting_bytes + size <= _WAITING_BYTES
        return fits and len(self._waiting) + runs <= self.route.limits.queue

    def _forget_done(self) -> None:
        if any(pending.done for pending in self._waiting):
            self._waiting = deque(each for each in self._waiting if not each.done)
            self._waiting_bytes = sum(len(each.arguments) for each in self._waiting)


def _refusal(route: Route) -> str | None:
    """The code of why the service takes no calls in its state, if it takes none."""
    if route.state in ("running", "deploying") and route.active_revision is not None:
        return None
    if route.wake and route.state in ("paused", "deploying"):
        return None
    return route.state if route.state in ("paused", "stopped", "failed") else "deploying"
