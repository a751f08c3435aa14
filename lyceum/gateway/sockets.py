"""A replica's socket in the file system: made, accepted from, closed again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable

MOST_CONNECTIONS = 8

_BACKLOG = 16
_MOST_A_SECOND = 50


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


class Door:
    """Accepts from a listener, a bounded number a second: who dials is hostile."""

    def __init__(
        self, listener: socket.socket, arrived: Callable[[socket.socket], object]
    ) -> None:
        self._listener = listener
        self._arrived = arrived
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
        if self._accepted > _MOST_A_SECOND:
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
