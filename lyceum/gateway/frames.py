"""The protocol between the gateway and a worker, as bytes (docs/gateway.md).

A frame is its length (four bytes, big-endian, of what follows), its kind (one byte) and
its payload. What a worker sends is hostile: anything that is not exactly as it should
be is a `Violation`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

HELLO, READY, FAILED, REQUESTS, RESULTS = 1, 2, 3, 4, 5
LARGEST = 64 << 20
LARGEST_STATEMENT = 1 << 20
OWNERS_TEST = 1

_LENGTH = struct.Struct("!I")
_COUNT = struct.Struct("!H")
_ENTRY = struct.Struct("!IBI")
_HEADER_BYTES = 5
MOST_REQUESTS = 0xFFFF


class Violation(Exception):
    """A worker sent what the protocol does not know; ``str()`` says what."""


class Reader:
    """Cuts a stream of bytes into frames, of at most ``largest`` bytes each."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, memoryview]]:
        """The frames that ``data`` completes: kind and payload, valid until the next one.

        Raises `Violation` for a length that is too great or zero, before its bytes come.
        """
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer)
            if not 0 < length <= self.largest:
                raise Violation(f"a frame of {length} bytes")
            end = _LENGTH.size + length
            if len(buffer) < end:
                return
            with memoryview(buffer) as whole, whole[_HEADER_BYTES:end] as payload:
                yield buffer[4], payload
            del buffer[:end]


def requests(entries: Sequence[tuple[int, int, bytes]]) -> bytes:
    """A REQUESTS frame: of each request its id, flags and arguments."""
    parts = [_COUNT.pack(len(entries))]
    for number, flags, arguments in entries:
        parts += (_ENTRY.pack(number, flags, len(arguments)), arguments)
    payload = b"".join(parts)
    return _LENGTH.pack(len(payload) + 1) + bytes((REQUESTS,)) + payload


def results(payload: memoryview) -> list[tuple[int, int, bytes]]:
    """What a RESULTS frame says: of each request its id, status and bytes.

    Raises `Violation` unless it is whole and nothing is left over.
    """
    found = []
    try:
        (count,) = _COUNT.unpack_from(payload)
        at = _COUNT.size
        for _ in range(count):
            number, status, length = _ENTRY.unpack_from(payload, at)
            at += _ENTRY.size + length
            body = bytes(payload[at - length : at])
            if len(body) != length:
                raise Violation("results that end early")
            found.append((number, status, body))
    except struct.error:
        raise Violation("results that end early") from None
    if at != len(payload):
        raise Violation("bytes after the results")
    return found


def statement(payload: memoryview) -> dict[str, Any]:
    """The JSON object of a HELLO, READY or FAILED frame.

    Raises `Violation` when it is none.
    """
    if len(payload) > LARGEST_STATEMENT:
        raise Violation("a statement of more than a megabyte")
    try:
        said = msgspec.json.decode(bytes(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Violation("a statement that is no JSON") from None
    if not isinstance(said, dict):
        raise Violation("a statement that is no object")
    return said


def text(said: dict[str, Any], name: str, most: int = 20_000) -> str:
    """The string ``name`` of a worker's object, its last ``most`` characters; else empty."""
    value = said.get(name)
    return value[-most:] if isinstance(value, str) else ""
