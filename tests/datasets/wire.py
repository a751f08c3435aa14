"""A cable between a browser and the platform, to slow down and to cut.

Chromium's own "offline" lets an upload that is under way go on; a cut cable does not.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

_CHUNK = 32 * 1024


class Wire:
    """Relays connections to 127.0.0.1:``port``; ``url`` is its own end.

    ``rate``: bytes a second that go up in each connection, ``None`` for all at once;
    ``down_rate``: those that come down. ``sent``: how many have gone up. ``cut_at``: it
    cuts itself once that many have.
    """

    def __init__(self, port: int, *, rate: int | None = None) -> None:
        self.rate = rate
        self.down_rate: int | None = None
        self.sent = 0
        self.cut_at: int | None = None
        self._target = port
        self._is_cut = False
        self._ends: set[socket.socket] = set()
        self._hung: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Break every connection; new ones break at once until ``mend``."""
        self._is_cut = True
        self._hung.clear()
        for end in list(self._ends):
            _close(end)

    def hang(self) -> None:
        """Carry nothing more on the connections there are; new ones work."""
        self._hung |= self._ends

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                if self._is_cut:
                    _close(near)
                    continue
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends |= {near, far}
                for source, sink, is_up in ((near, far, True), (far, near, False)):
                    threading.Thread(
                        target=self._pump, args=(source, sink, is_up), daemon=True
                    ).start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_up: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                while source in self._hung:
                    time.sleep(0.1)
                sink.sendall(chunk)
                if is_up:
                    self._count(len(chunk))
                elif self.down_rate:
                    time.sleep(len(chunk) / self.down_rate)
        _close(source)
        _close(sink)
        self._ends -= {source, sink}

    def _count(self, size: int) -> None:
        self.sent += size
        if self.rate:
            time.sleep(size / self.rate)
        if self.cut_at is not None and self.sent >= self.cut_at:
            self.cut_at = None
            self.cut()


@contextlib.contextmanager
def wire_to(port: int, *, rate: int | None = None) -> Iterator[Wire]:
    """A cable that is gone after the block."""
    wire = Wire(port, rate=rate)
    try:
        yield wire
    finally:
        wire.close()


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
