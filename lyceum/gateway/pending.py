"""One run of a service that a call waits for."""

from __future__ import annotations

import asyncio

import msgspec

from lyceum.gateway import frames
from lyceum.gateway.problems import Problem

_JSON = msgspec.json.Decoder(msgspec.Raw)
_FAILURES = {1: "converter_failed", 2: "model_failed", 3: "bad_output"}


class Pending:
    """Arguments on their way to a worker, and the future of what comes back.

    The future gives the output's JSON, or for the owner's test all that the worker
    says; or a `Problem`. ``deadline`` is in the loop's time, ``seconds`` what the
    caller was promised. ``alone``: never in one batch with others.
    """

    __slots__ = ("alone", "arguments", "deadline", "flags", "future", "seconds")

    def __init__(
        self, arguments: bytes, seconds: float, loop: asyncio.AbstractEventLoop, flags: int = 0
    ) -> None:
        self.arguments = arguments
        self.seconds = seconds
        self.deadline = loop.time() + seconds
        self.flags = flags
        self.alone = bool(flags)
        self.future: asyncio.Future[bytes] = loop.create_future()

    @property
    def done(self) -> bool:
        """Whether its caller has an answer already."""
        return self.future.done()

    def fail(self, problem: Problem) -> None:
        """Answer with ``problem``, unless there is an answer."""
        if not self.future.done():
            self.future.set_exception(problem)

    def late(self) -> None:
        """Answer that time is up."""
        self.fail(Problem("timed_out", seconds=f"{self.seconds:g}"))

    def answered(self, status: int, body: bytes) -> None:
        """Take the worker's word, whose bytes may be anything."""
        if self.future.done():
            return
        if status == 0 and _is_json(body):
            self.future.set_result(body)
        elif status == 0:
            self.fail(Problem("bad_output"))
        else:
            self.fail(_failure(status, body))


def _is_json(body: bytes) -> bool:
    try:
        _JSON.decode(body)
        return body.isascii() or bool(body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _failure(status: int, body: bytes) -> Problem:
    try:
        said = frames.statement(memoryview(body))
    except frames.Violation:
        said = {}
    return Problem(
        _FAILURES.get(status, "bad_output"),
        message=frames.text(said, "message"),
        traceback=frames.text(said, "traceback"),
        prints=frames.text(said, "prints"),
    )
