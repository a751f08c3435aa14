"""What the gateway needs of HTTP: headers of a call, its body, answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from lyceum.gateway.problems import Problem
from lyceum.gateway.sentences import prefers_chinese

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# A slow line may take its time, one that stands still may not.
_PIECE_SECONDS = 10.0
_BODY_SECONDS = 120.0
# A body that is too large is still read to this size: who gets an answer in the middle
# of sending often never reads it.
_READ_ANYWAY = 64 << 20
_COMING_BYTES = 256 << 20

NOTHING: Headers = []
_ALWAYS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"cache-control", b"no-store"),
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
]
_PREFLIGHT: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type"),
    (b"access-control-max-age", b"86400"),
    (b"allow", b"POST, OPTIONS"),
]


class Gone(Exception):
    """The caller went away before the whole body had come."""


@dataclass(slots=True)
class Head:
    """The headers that matter, as they came; ``length`` is None when none was given."""

    content_type: bytes = b""
    authorization: bytes = b""
    language: bytes = b""
    length: int | None = None
    forwarded: bool = False

    @property
    def chinese(self) -> bool:
        """Whether the caller would rather read Chinese."""
        return prefers_chinese(self.language.decode("latin-1"))


def head(scope: Scope) -> Head:
    """The headers of a call."""
    found = Head()
    for name, value in scope["headers"]:
        if name == b"content-type":
            found.content_type = value
        elif name == b"content-length" and value.isdigit():
            found.length = int(value)
        elif name == b"authorization":
            found.authorization = value
        elif name == b"accept-language":
            found.language = value
        elif name == b"x-forwarded-for":
            found.forwarded = True
    return found


def must_be_json(content_type: bytes) -> None:
    """Raises `Problem` for a body that its sender calls something else than JSON."""
    if content_type == b"application/json" or not content_type:
        return
    kind = content_type.partition(b";")[0].strip().lower()
    if kind in (b"application/json", b"text/json") or kind.endswith(b"+json"):
        return
    raise Problem("bad_json", says="not_json", status=415)


async def read(receive: Receive, most: int, length: int | None) -> bytes:
    """The body, of at most ``most`` bytes.

    Raises `Problem` when it is larger or does not come in time, `Gone` when its sender
    went away.
    """
    if length is None or length <= most:
        message = await _piece(receive, asyncio.get_running_loop().time() + _BODY_SECONDS)
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            if len(body) > most:
                raise Problem("body_too_large", limit=most)
            return body
        return await _rest(receive, body, most)
    if length <= _READ_ANYWAY:
        await _rest(receive, b"", most, True)
    raise Problem("body_too_large", limit=most)


async def _rest(receive: Receive, first: bytes, most: int, discard: bool = False) -> bytes:
    deadline = asyncio.get_running_loop().time() + _BODY_SECONDS
    pieces, size, more = [first], len(first), True
    with _Held() as held:
        while more:
            message = await _piece(receive, deadline)
            piece = message.get("body", b"")
            size += len(piece)
            if size <= most and not discard:
                pieces.append(piece)
                held.add(len(piece))
            elif size > _READ_ANYWAY:
                break
            more = message.get("more_body", False)
    if size > most:
        raise Problem("body_too_large", limit=most)
    return b"".join(pieces)


class _Held:
    """What one body that is still coming takes of the memory for all of them."""

    everybody = 0

    def __init__(self) -> None:
        self._mine = 0

    def add(self, count: int) -> None:
        """Take more. Raises `Problem` when there is no more."""
        if _Held.everybody + count > _COMING_BYTES:
            raise Problem("queue_full", retry_after=1)
        self._mine += count
        _Held.everybody += count

    def __enter__(self) -> _Held:
        return self

    def __exit__(self, *_: object) -> None:
        _Held.everybody -= self._mine


async def _piece(receive: Receive, deadline: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout_at(min(deadline, loop.time() + _PIECE_SECONDS)):
            message = await receive()
    except TimeoutError:
        raise Problem("body_incomplete") from None
    if message["type"] == "http.disconnect":
        raise Gone
    return message


class Answer(NamedTuple):
    """A whole answer, JSON unless it is empty; ``more`` are headers of its own."""

    status: int
    body: bytes
    more: Headers = NOTHING


def refusal(problem: Problem, chinese: bool) -> Answer:
    """An error as its caller is to read it."""
    more: Headers = []
    if problem.status == 405:
        more.append((b"allow", b"POST, OPTIONS"))
    if problem.status == 401:
        more.append((b"www-authenticate", b"Bearer"))
    if problem.retry_after is not None:
        more.append((b"retry-after", b"%d" % problem.retry_after))
    if problem.code in ("body_too_large", "body_incomplete"):
        more.append((b"connection", b"close"))
    return Answer(problem.status, problem.body(chinese), more)


async def answer(send: Send, found: Answer) -> None:
    """Send an answer."""
    headers = [*_ALWAYS, (b"content-length", b"%d" % len(found.body)), *found.more]
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": found.body})


async def preflight(send: Send) -> None:
    """Allow pages of every origin to call: a call is allowed by its key alone."""
    await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
    await send({"type": "http.response.body", "body": b""})
