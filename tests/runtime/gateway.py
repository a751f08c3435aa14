"""The gateway's side of the protocol, written from docs/serving-runtime.md alone."""

from __future__ import annotations

import itertools
import json
import os
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

HELLO, READY, FAILED, REQUESTS, RESULTS = 1, 2, 3, 4, 5


class Gateway:
    """Listens on ``<folder>/socket``; one worker at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "socket"
        self._numbers = itertools.count(7)
        self._listener: socket.socket | None = None
        self.connection: socket.socket | None = None
        self.open()

    def open(self) -> None:
        """Listen, again after ``close``."""
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        descriptor = os.open(self._path.parent, os.O_RDONLY)
        self._listener.bind(f"/proc/self/fd/{descriptor}/{self._path.name}")
        os.close(descriptor)
        self._path.chmod(0o666)
        self._listener.listen(8)

    def close(self) -> None:
        for each in (self.connection, self._listener):
            if each is not None:
                with suppress(OSError):
                    each.close()
        self._path.unlink(missing_ok=True)

    def accept(self, seconds: float = 60) -> dict[str, Any]:
        """Wait for a worker; its HELLO."""
        if self.connection is not None:
            self.connection.close()
        self._listener.settimeout(seconds)
        self.connection, _ = self._listener.accept()
        self.connection.settimeout(seconds)
        kind, payload = self.receive()
        assert kind == HELLO
        return json.loads(payload)

    def receive(self) -> tuple[int, bytes]:
        """The next frame; raises `EOFError` when the connection has ended."""
        length, kind = struct.unpack(">IB", self._exactly(5))
        return kind, self._exactly(length - 1)

    def ready(self) -> dict[str, Any]:
        """Wait for a worker and for its READY."""
        self.accept()
        kind, payload = self.receive()
        assert kind == READY, payload
        return json.loads(payload)

    def send(self, *arguments: Any, flags: int = 0) -> list[int]:
        """One REQUESTS frame; the numbers of its requests. Bytes are sent as they are."""
        numbers, pieces = [], [struct.pack(">H", len(arguments))]
        for each in arguments:
            content = each if isinstance(each, bytes) else json.dumps(each).encode()
            number = next(self._numbers)
            numbers.append(number)
            pieces += [struct.pack(">IBI", number, flags, len(content)), content]
        payload = b"".join(pieces)
        self.connection.sendall(struct.pack(">IB", len(payload) + 1, REQUESTS) + payload)
        return numbers

    def results(self, count: int) -> dict[int, tuple[int, Any]]:
        """``{number: (status, value)}`` of ``count`` requests."""
        found: dict[int, tuple[int, Any]] = {}
        while len(found) < count:
            kind, payload = self.receive()
            assert kind == RESULTS
            (some,) = struct.unpack_from(">H", payload)
            start = 2
            for _ in range(some):
                number, status, length = struct.unpack_from(">IBI", payload, start)
                start += 9
                found[number] = (status, json.loads(payload[start : start + length]))
                start += length
            assert start == len(payload)
        return found

    def call(self, *arguments: Any, flags: int = 0) -> list[tuple[int, Any]]:
        """``(status, value)`` of each, sent as one frame."""
        numbers = self.send(*arguments, flags=flags)
        found = self.results(len(numbers))
        return [found[number] for number in numbers]

    def _exactly(self, count: int) -> bytes:
        content = b""
        while len(content) < count:
            piece = self.connection.recv(count - len(content))
            if not piece:
                raise EOFError
            content += piece
        return content
