"""A replica: the socket that its worker dials, and the one frame that it works on."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from typing import Any, Protocol, cast

from lyceum.gateway import frames, sockets
from lyceum.gateway.batches import BatchSize
from lyceum.gateway.frames import Violation
from lyceum.gateway.pending import Pending
from lyceum.gateway.routes import ReplicaRoute

log = logging.getLogger("lyceum.gateway")

PROTOCOL = 1
HELLO_SECONDS = 3.0
HELLO_BYTES = 4096


class Owner(Protocol):
    """Who is told what happens to a replica."""

    def free(self) -> None:
        """A replica can take a batch."""

    def lost(self, left: list[Pending], size: int) -> None:
        """A replica's worker went away with ``left`` of a batch of ``size`` in its hands."""


class Replica:
    """One replica of a service, whether its worker is connected or not."""

    def __init__(self, route: ReplicaRoute, owner: Owner) -> None:
        self.uid = route.id
        self.revision = route.revision
        self.failed: dict[str, str] | None = None
        self.last_sent = 0.0
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._numbers = 0
        self._out: dict[int, Pending] = {}
        self._batch = 0
        self._since = 0.0
        self._size = BatchSize(batchable=True)
        self._link: Link | None = None
        self._links: set[Link] = set()
        self._ready = False
        self._leaving = False
        # Its worker has a user of its own in the sandbox.
        listener = sockets.listen(route.folder, "socket", 0o666)
        self._door: sockets.Door | None = sockets.Door(listener, self._arrived)

    @property
    def connected(self) -> bool:
        """Whether a worker has dialled and said hello."""
        return self._link is not None

    @property
    def ready(self) -> bool:
        """Whether its worker has loaded the model."""
        return self._ready

    @property
    def idle(self) -> bool:
        """Whether it would take a batch now."""
        return self._ready and not self._out and not self._leaving

    @property
    def in_flight(self) -> int:
        """How many requests it works on."""
        return len(self._out)

    @property
    def most(self) -> int:
        """How many requests the next batch may have."""
        return self._size.most

    def status(self) -> dict[str, Any]:
        """As ``/internal/status`` has it."""
        return {
            "connected": self.connected,
            "ready": self.ready,
            "in_flight": self.in_flight,
            "failed": self.failed,
        }

    def send(self, batch: Sequence[Pending]) -> None:
        """Give an idle replica its next batch."""
        entries = []
        for pending in batch:
            self._numbers = (self._numbers + 1) & 0xFFFFFFFF
            self._out[self._numbers] = pending
            entries.append((self._numbers, pending.flags, pending.arguments))
        self._batch = len(entries)
        self._since = self.last_sent = self._loop.time()
        if self._link:
            self._link.write(frames.requests(entries))

    def sweep(self, now: float, seconds: float) -> None:
        """Answer those in its hands whose time is up; give up a worker that is stuck.

        A worker's own supervisor ends a run that takes too long; one that has had a
        batch for more than ``seconds`` is hostile or stuck itself.
        """
        for pending in self._out.values():
            if now >= pending.deadline:
                pending.late()
        if self._out and now - self._since > seconds:
            log.warning("replica %s: no results in time", self.uid)
            if self._link:
                self._link.abort()

    def leave(self) -> None:
        """Take no more work; what it has in hands is finished first."""
        self._leaving = True
        if self._door:
            self._door.close()
            self._door = None
        if not self._out:
            self.close()

    def close(self) -> None:
        """End its connections; what it has in hands is lost."""
        if self._door:
            self._door.close()
            self._door = None
        for link in list(self._links):
            link.abort()

    def _arrived(self, connection: socket.socket) -> None:
        if len(self._links) >= sockets.MOST_CONNECTIONS:
            connection.close()
            return
        link = Link(self)
        self._links.add(link)
        link.opening = self._loop.create_task(self._connect(link, connection))

    async def _connect(self, link: Link, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: link, connection)
        except OSError:
            connection.close()
            self.ended(link)

    def adopt(self, transport: asyncio.Transport, said: bytes) -> None:
        """Take over a connection from another machine whose hello is known to be right.

        ``said``: all that has come of it, from the hello on.
        """
        if self._door is None or len(self._links) >= sockets.MOST_CONNECTIONS:
            transport.abort()
            return
        link = Link(self)
        self._links.add(link)
        link.connection_made(transport)
        transport.set_protocol(link)
        link.data_received(said)

    def greeted(self, link: Link, said: dict[str, Any]) -> None:
        """A worker said hello: it is this replica's from now on, the one before is gone."""
        if said.get("protocol") != PROTOCOL or said.get("replica") != self.uid:
            raise Violation("a hello of another replica or protocol")
        former, self._link = self._link, link
        self._ready = False
        if former:
            former.abort()
        self._return()

    def said(self, link: Link, kind: int, payload: memoryview) -> None:
        """A frame of the worker's. Raises `Violation`."""
        if link is not self._link:
            raise Violation("a frame of a worker that has been replaced")
        if kind == frames.RESULTS:
            self._results(frames.results(payload))
        elif kind == frames.READY:
            batchable = frames.statement(payload).get("batchable") is True
            self.failed = None
            self._size = BatchSize(batchable)
            self._ready = True
            self._owner.free()
        elif kind == frames.FAILED:
            said = frames.statement(payload)
            self._ready = False
            self.failed = {name: frames.text(said, name) for name in ("message", "traceback")}
        else:
            raise Violation(f"a frame of kind {kind}")

    def ended(self, link: Link) -> None:
        """A connection is closed; called once or more."""
        self._links.discard(link)
        if link is self._link:
            self._link = None
            self._ready = False
            self._return()

    def _results(self, results: list[tuple[int, int, bytes]]) -> None:
        for number, status, body in results:
            pending = self._out.pop(number, None)
            if pending is None:
                raise Violation("a result that nobody asked for")
            pending.answered(status, body)
        if not self._out and self._batch:
            self._size.learn(self._batch, self._loop.time() - self._since)
            self._batch = 0
            if self._leaving:
                self.close()
            else:
                self._owner.free()

    def _return(self) -> None:
        """What the worker had in hands is its owner's again."""
        lost = list(self._out.values())
        self._out.clear()
        size, self._batch = self._batch, 0
        if lost:
            self._owner.lost(lost, size)


class Link(asyncio.Protocol):
    """One connection of a worker's, before and after its hello."""

    def __init__(self, replica: Replica) -> None:
        self.opening: asyncio.Task[Any] | None = None
        self._replica = replica
        self._transport: asyncio.Transport | None = None
        self._reader = frames.Reader(HELLO_BYTES)
        self._greeted = False
        self._patience: asyncio.TimerHandle | None = None
        self._closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The kernel's connection is ours; a hello must follow soon."""
        self._transport = cast(asyncio.Transport, transport)
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(HELLO_SECONDS, self.abort)
        if self._closed:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes of the worker's; whatever is wrong with them ends the connection."""
        if self._closed:
            return
        try:
            for kind, payload in self._reader.feed(data):
                if self._greeted:
                    self._replica.said(self, kind, payload)
                else:
                    self._greet(kind, payload)
        except Violation as violation:
            log.warning("replica %s: %s", self._replica.uid, violation)
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is no more."""
        self._closed = True
        if self._patience:
            self._patience.cancel()
        self._replica.ended(self)

    def write(self, data: bytes) -> None:
        """Send a frame."""
        if self._transport and not self._closed:
            self._transport.write(data)

    def abort(self) -> None:
        """Close now; nothing more is heard of it."""
        self._closed = True
        if self._transport:
            self._transport.abort()
        self._replica.ended(self)

    def _greet(self, kind: int, payload: memoryview) -> None:
        if kind != frames.HELLO:
            raise Violation("a first frame that is no hello")
        self._replica.greeted(self, frames.statement(payload))
        self._greeted = True
        self._reader.largest = frames.LARGEST
        if self._patience:
            self._patience.cancel()
