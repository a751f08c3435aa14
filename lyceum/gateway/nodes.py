"""Where workers on other machines dial: TCP, with a secret of their replica's (ADR 9).

A replica on this machine has a unix socket of its own, and who can reach that can be
nobody else. Here all come to one port, so the first frame, the hello, must show whose
worker it is. Until then a connection has nothing and is nobody's.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import socket
from collections.abc import Callable
from typing import Any, cast

from lyceum.gateway import frames, sockets
from lyceum.gateway.frames import Violation
from lyceum.gateway.replicas import HELLO_BYTES, HELLO_SECONDS, Replica

log = logging.getLogger("lyceum.gateway")

_MOST_A_SECOND = 200
_MOST_STRANGERS = 256
_LOG_SECONDS = 1.0


def secret_of(token: str, uid: str) -> str:
    """What replica ``uid``'s worker shows, made from the platform's own ``token``.

    It says nothing about the token or about another replica's secret.
    """
    return hmac.new(token.encode(), b"lyceum replica " + uid.encode(), hashlib.sha256).hexdigest()


class Nodes:
    """The TCP listener for workers on a cluster's machines."""

    def __init__(
        self, address: tuple[str, int], token: str, find: Callable[[str], Replica | None]
    ) -> None:
        """``find``: the replica of a uid, ``None`` if there is none. Raises ``OSError``."""
        self._token = token
        self._find = find
        self._loop = asyncio.get_running_loop()
        self._logged = -_LOG_SECONDS
        self._strangers: dict[_Stranger, None] = {}
        listener = sockets.listen_to_nodes(*address)
        self._door = sockets.Door(listener, self._arrived, most_a_second=_MOST_A_SECOND)

    def close(self) -> None:
        """Take no more connections; workers that have said hello stay."""
        self._door.close()
        for stranger in list(self._strangers):
            stranger.abort()

    def _arrived(self, connection: socket.socket) -> None:
        if len(self._strangers) >= _MOST_STRANGERS:
            # The one that has been silent for the longest: a worker says hello at once, so
            # who only holds connections can't keep it out.
            next(iter(self._strangers)).abort()
        stranger = _Stranger(self)
        self._strangers[stranger] = None
        stranger.opening = self._loop.create_task(self._connect(stranger, connection))

    async def _connect(self, stranger: _Stranger, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: stranger, connection)
        except OSError:
            connection.close()
            self.forget(stranger)

    def forget(self, stranger: _Stranger) -> None:
        """It is gone, or no stranger any more; called once or more."""
        self._strangers.pop(stranger, None)

    def known(self, kind: int, payload: memoryview) -> Replica:
        """The replica whose worker sent this first frame. Raises `Violation`."""
        if kind != frames.HELLO:
            raise Violation("a first frame that is no hello")
        said = frames.statement(payload)
        uid, shown = said.get("replica"), said.get("secret")
        if not isinstance(uid, str) or not isinstance(shown, str) or not uid.isascii():
            raise Violation("a hello without a replica's name and secret")
        right = secret_of(self._token, uid).encode()
        if not hmac.compare_digest(shown.encode(errors="replace"), right):
            raise Violation("a hello with a wrong secret")
        replica = self._find(uid)
        if replica is None:  # nothing odd: the table may name it in a moment
            raise Violation("a hello of a replica that is not there")
        return replica

    def refused(self, violation: Violation) -> None:
        """Say why a stranger was sent away, once a second at most."""
        if self._loop.time() - self._logged >= _LOG_SECONDS:
            self._logged = self._loop.time()
            log.warning("from the cluster: %s", violation)


class _Stranger(asyncio.Protocol):
    """A connection before its hello; then a replica's `Link` has it."""

    def __init__(self, owner: Nodes) -> None:
        self.opening: asyncio.Task[Any] | None = None
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._reader = frames.Reader(HELLO_BYTES)
        self._said = b""
        self._patience: asyncio.TimerHandle | None = None
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._over:
            self._transport.abort()
            return
        self._patience = asyncio.get_running_loop().call_later(HELLO_SECONDS, self.abort)

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        # Never more than a hello and one read of the socket: the frame's length is bounded.
        self._said += data
        try:
            for kind, payload in self._reader.feed(data):
                return self._enter(self._owner.known(kind, payload))
        except Violation as violation:
            self._owner.refused(violation)
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def abort(self) -> None:
        """Close now; nothing more is heard of it."""
        self._end()
        if self._transport:
            self._transport.abort()

    def _enter(self, replica: Replica) -> None:
        self._end()
        if self._transport:
            replica.adopt(self._transport, self._said)

    def _end(self) -> None:
        self._over = True
        if self._patience:
            self._patience.cancel()
        self._owner.forget(self)
