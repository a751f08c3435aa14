"""The frames between the gateway and a worker (docs/serving-runtime.md, Protocol).

A frame is a length (u32, big-endian, of what follows it), a type (u8) and a payload.
"""

import json
import struct

VERSION = 1
MOST_BYTES = 64 * 1024 * 1024

HELLO, READY, FAILED, REQUESTS, RESULTS = 1, 2, 3, 4, 5

OK, CONVERTER_RAISED, MODEL_FAILED, BAD_OUTPUT = 0, 1, 2, 3
OWNERS_TEST = 1

_HEAD = struct.Struct(">IB")
_COUNT = struct.Struct(">H")
_ITEM = struct.Struct(">IBI")
# Larger pieces would be mapped into memory and out of it again, each time.
_READ_BYTES = 64 * 1024


class Closed(Exception):
    """The other side has ended the connection, or sent what is no frame."""


class Connection(object):
    """Frames over a connected stream socket."""

    def __init__(self, sock):
        self._sock = sock
        self._bytes = bytearray()

    def send(self, kind, payload):
        """Send one frame; raises ``socket.error``."""
        self._sock.sendall(_HEAD.pack(len(payload) + 1, kind) + payload)

    def send_json(self, kind, value):
        self.send(kind, json.dumps(value).encode("utf-8"))

    def receive(self):
        """Wait for one frame: its type and payload; raises ``Closed``, ``socket.error``."""
        self._fill(_HEAD.size)
        length, kind = _HEAD.unpack(bytes(self._bytes[: _HEAD.size]))
        if not 1 <= length <= MOST_BYTES:
            raise Closed("a frame of %d bytes" % length)
        end = _HEAD.size + length - 1
        self._fill(end)
        payload = bytes(self._bytes[_HEAD.size : end])
        del self._bytes[:end]
        return kind, payload

    def close(self):
        self._sock.close()

    def _fill(self, wanted):
        while len(self._bytes) < wanted:
            piece = self._sock.recv(_READ_BYTES)
            if not piece:
                raise Closed("the connection has ended")
            self._bytes += piece


def unpack_requests(payload):
    """The ``(id, flags, bytes)`` of a REQUESTS payload; raises ``Closed`` for any other."""
    try:
        (count,) = _COUNT.unpack_from(payload)
        requests, start = [], _COUNT.size
        for _ in range(count):
            number, flags, length = _ITEM.unpack_from(payload, start)
            start += _ITEM.size
            if start + length > len(payload):
                raise Closed("a request runs past its frame")
            requests.append((number, flags, payload[start : start + length]))
            start += length
    except struct.error:
        raise Closed("a frame of requests ends too early")  # noqa: B904 - Python 2
    return requests


def pack_results(results):
    """The RESULTS payload of ``(id, status, bytes)``."""
    pieces = [_COUNT.pack(len(results))]
    for number, status, content in results:
        pieces.append(_ITEM.pack(number, status, len(content)))
        pieces.append(content)
    return b"".join(pieces)
