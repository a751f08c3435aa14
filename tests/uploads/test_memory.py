"""A large file takes no more memory than a small one."""

from __future__ import annotations

import hashlib
import random

from tests.uploads.server import MEGABYTE, UploadsServer, append, create, raw, sha256

ALLOWED = 50 * MEGABYTE
LARGE = 300


def test_memory_stays_flat(server: UploadsServer) -> None:
    small = random.Random(5).randbytes(MEGABYTE)
    append(server, create(server, len(small)), 0, small)
    before = server.resident
    most = before
    seen = hashlib.sha256()
    upload = create(server, LARGE * MEGABYTE)
    with raw(server, upload, Content_Length=str(LARGE * MEGABYTE)) as connection:
        for _ in range(LARGE):
            connection.sendall(small)
            seen.update(small)
            most = max(most, server.resident)
        assert connection.recv(4096).startswith(b"HTTP/1.1 204 ")
    assert server.done(upload)["sha256"] == seen.hexdigest()
    assert most - before <= ALLOWED, (most - before) // MEGABYTE


def test_a_small_file_after_a_large_one(server: UploadsServer) -> None:
    upload = create(server, 3)
    append(server, upload, 0, b"abc")
    assert server.done(upload)["sha256"] == sha256(b"abc")
