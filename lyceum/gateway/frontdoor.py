"""Small calls that come from the front door over one connection (docs/gateway.md).

The front door has read them already. To write each out as HTTP again and read it here
once more costs several times what the gateway's own work costs, so they come as frames:
``length, id, length of head, head, body`` and back ``length, id, status, length of
headers, headers, body`` (numbers big-endian, four bytes but for the two-byte lengths and
the status; head and headers are JSON). A call without a head is one whose caller hung up.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec

from lyceum.gateway import http, sockets
from lyceum.gateway.calls import Calls
from lyceum.gateway.problems import Problem
from lyceum.gateway.queue import Service

log = logging.getLogger("lyceum.gateway")

NAME = "front-door"

_LENGTH = struct.Struct("!I")
_CALL = struct.Struct("!IH")
_ANSWER = struct.Struct("!IIHH")
_LARGEST = 1 << 20


class _Head(msgspec.Struct, array_like=True, frozen=True):
    path: str
    query: str
    authorization: str
    content_type: str
    language: str


_HEAD = msgspec.json.Decoder(_Head)


class FrontDoor:
    """Where the front door connects: ``<folder>/front-door``, for our own user only."""

    def __init__(self, folder: Path, find: Callable[[str], Service | None], calls: Calls) -> None:
        self.find = find
        self.calls = calls
        self._links: set[_Link] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._door = sockets.Door(sockets.listen(str(folder), NAME, 0o600), self._arrived)

    def close(self) -> None:
        """Take no more calls."""
        self._door.close()
        for link in list(self._links):
            link.close()

    async def answer(self, head: bytes, body: bytes) -> http.Answer:
        """The answer to one call, whatever happens."""
        try:
            return await self._call(head, body)
        except Exception:
            log.exception("a call failed")
            return http.refusal(Problem("gateway_failed"), chinese=False)

    async def _call(self, head: bytes, body: bytes) -> http.Answer:
        given = _HEAD.decode(head)

        async def read(most: int) -> bytes:
            if len(body) > most:
                raise Problem("body_too_large", limit=most)
            return body

        about = http.Head(
            given.content_type.encode("latin-1", "replace"),
            given.authorization.encode("latin-1", "replace"),
            given.language.encode("latin-1", "replace"),
            len(body),
        )
        query = given.query.encode("latin-1", "replace")
        return await self.calls.handle(self.find(given.path), "POST", query, about, read)

    def _arrived(self, connection: socket.socket) -> None:
        task = asyncio.create_task(self._connect(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _connect(self, connection: socket.socket) -> None:
        link = _Link(self)
        try:
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(lambda: link, connection)
        except OSError:
            connection.close()
        else:
            self._links.add(link)

    def ended(self, link: _Link) -> None:
        """A connection is closed."""
        self._links.discard(link)


class _Link(asyncio.Protocol):
    """One connection of the front door's."""

    def __init__(self, owner: FrontDoor) -> None:
        self._owner = owner
        self._buffer = bytearray()
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        at = 0
        while len(buffer) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer, at)
            if length > _LARGEST:
                log.error("the front door sent a call of %s bytes", length)
                return self.close()
            end = at + _LENGTH.size + length
            if len(buffer) < end:
                break
            number, head_bytes = _CALL.unpack_from(buffer, at + _LENGTH.size)
            head = at + _LENGTH.size + _CALL.size
            body = head + head_bytes
            if head_bytes:
                work = self._work(number, bytes(buffer[head:body]), bytes(buffer[body:end]))
                task = self._calls[number] = asyncio.create_task(work)
                # A call that is taken back before it has begun ends without running at all.
                task.add_done_callback(lambda _, number=number: self._calls.pop(number))
            elif call := self._calls.get(number):
                call.cancel()
            at = end
        del buffer[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._owner.ended(self)
        for call in list(self._calls.values()):
            call.cancel()

    async def _work(self, number: int, head: bytes, body: bytes) -> None:
        self._answer(number, await self._owner.answer(head, body))

    def _answer(self, number: int, answer: http.Answer) -> None:
        if self._transport is None:
            return
        more = b""
        if answer.more:
            more = msgspec.json.encode({n.decode(): v.decode() for n, v in answer.more})
        length = _ANSWER.size - _LENGTH.size + len(more) + len(answer.body)
        head = _ANSWER.pack(length, number, answer.status, len(more))
        self._transport.write(head + more + answer.body)

    def close(self) -> None:
        """Send what is written, then close."""
        if self._transport:
            self._transport.close()
