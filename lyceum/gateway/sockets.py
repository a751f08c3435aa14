"""Sockets that workers dial: made, accepted from, closed again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable

MOST_CONNECTIONS = 8

_BACKLOG = 16
_BACKLOG_OF_NODES = 1024
_MOST_A_SECOND = 50
_ALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
"""A machine that is gone says nothing: after 25 s of that its connections end."""


def listen(folder: str, name: str, mode: int) -> socket.socket:
    """A listening socket ``<folder>/<name>`` with the given mode.

    A path of a socket has at most 108 bytes, so it is bound through an open folder. It
    gets its name last: whoever finds it can connect. Raises ``OSError``.
    """
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    fresh = f"{name}.new"
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fresh, dir_fd=descriptor)
        listener.bind(f"/proc/self/fd/{descriptor}/{fresh}")
        os.chmod(fresh, mode, dir_fd=descriptor)
        listener.listen(_BACKLOG)
        os.rename(fresh, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(descriptor)
    return listener


def listen_to_nodes(host: str, port: int) -> socket.socket:
    """A listening TCP socket; what it accepts ends with the machine at the other end.

    Raises ``OSError``.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # On Linux, accepted sockets have these from their listener.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option, value in _ALIVE.items():
            listener.setsockopt(socket.IPPROTO_TCP, option, value)
        listener.bind((host, port))
        listener.listen(_BACKLOG_OF_NODES)
    except BaseException:
        listener.close()
        raise
    return listener


class Door:
    """Accepts from a listener, a bounded number a second: who dials is hostile."""

    def __init__(
        self,
        listener: socket.socket,
        arrived: Callable[[socket.socket], object],
        *,
        most_a_second: int = _MOST_A_SECOND,
    ) -> None:
        self._listener = listener
        self._arrived = arrived
        self._most_a_second = most_a_second
        self._loop = asyncio.get_running_loop()
        self._second = 0.0
        self._accepted = 0
        self._pause: asyncio.TimerHandle | None = None
        self._open()

    def close(self) -> None:
        """Accept no more; connections that are there stay."""
        if self._pause:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _open(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        now = self._loop.time()
        if now - self._second >= 1:
            self._second, self._accepted = now, 0
        self._accepted += 1
        if self._accepted > self._most_a_second:
            self._loop.remove_reader(self._listener)
            self._pause = self._loop.call_later(1, self._open)
            return
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError:
            # Out of descriptors: without a pause this would be called again at once.
            self._loop.remove_reader(self._listener)
            self._pause = self._loop.call_later(1, self._open)
            return
        connection.setblocking(False)
        self._arrived(connection)
