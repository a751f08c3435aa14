"""A small worker that speaks the gateway's protocol: ``worker.py PLACE REPLICA LOG``.

``PLACE``: a socket's path, or ``host:port``, where it shows ``WORKER_SECRET`` too.

A supervisor keeps one child, as the predictor's does. Each request says what is to be
done with it: ``{"do": …, "x": …}``. Standard library only; runs as a process of its own.
The child's pid and the sizes of its batches go to the file LOG, one line each.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time
from typing import Any

HELLO, READY, FAILED, REQUESTS, RESULTS = 1, 2, 3, 4, 5


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack("!IB", len(payload) + 1, kind) + payload


def receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(min(1 << 20, count - len(data)))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data


def entries(payload: bytes) -> list[tuple[int, int, dict[str, Any]]]:
    (count,) = struct.unpack_from("!H", payload)
    at, found = 2, []
    for _ in range(count):
        number, flags, length = struct.unpack_from("!IBI", payload, at)
        at += 9
        found.append((number, flags, json.loads(payload[at : at + length])))
        at += length
    return found


def run(arguments: dict[str, Any], flags: int) -> tuple[int, bytes]:
    """What one request gives: status and bytes."""
    do, x = arguments.get("do", "double"), arguments.get("x", 0)
    if do == "die":
        os.kill(os.getpid(), 9)
    if do == "sleep":
        time.sleep(x)
    if do == "raise":
        said = {"message": "ValueError: x", "traceback": "line 7, in reader_infer"}
        return 1, json.dumps({**said, **({"prints": "before\n"} if flags else {})}).encode()
    if do == "model":
        return 2, b'{"message": "shape", "traceback": "in run"}'
    if do == "nan":
        return 3, b'{"message": "NaN", "traceback": ""}'
    if do == "junk":
        return 0, b'{"predict": NaN'
    if do == "latin":
        return 0, b'"\xff"'
    if do == "status":
        return 77, b"\x00"
    output = arguments if do == "echo" else {"predict": 2 * x, "pid": os.getpid()}
    if flags:
        told = {"output": output, "prints": "seen\n", "seconds": 0.001}
        return 0, json.dumps(told).encode()
    return 0, json.dumps(output).encode()


def hostile(do: str, connection: socket.socket, number: int) -> None:
    """Frames that no worker of ours would send."""
    entry = struct.pack("!HIBI", 1, number, 0, 1)
    connection.sendall(
        {
            "huge": struct.pack("!IB", 0xFFFFFFFF, RESULTS),
            "zero": struct.pack("!I", 0),
            "wrong id": frame(RESULTS, struct.pack("!HIBI", 1, number + 7, 0, 1) + b"1"),
            "short": frame(RESULTS, struct.pack("!HIBI", 1, number, 0, 100) + b"1"),
            "many": frame(RESULTS, struct.pack("!H", 0xFFFF)),
            "left over": frame(RESULTS, entry + b"1" + b"more"),
            "twice": frame(RESULTS, entry + b"1") + frame(RESULTS, entry + b"1"),
            "kind": frame(99, b""),
            "requests": frame(REQUESTS, struct.pack("!H", 0)),
            "ready": frame(READY, b"[1"),
            "nothing": b"",
        }[do]
    )
    if do == "nothing":
        time.sleep(60)


def work(place: str, replica: str, log: str) -> None:
    while True:
        host, _, port = place.rpartition(":")
        connection = socket.socket(socket.AF_INET if host else socket.AF_UNIX)
        try:
            connection.connect((host, int(port)) if host else place)
            talk(connection, replica, log)
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()


def talk(connection: socket.socket, replica: str, log: str) -> None:
    hello = {"protocol": 1, "replica": replica, "pid": os.getpid(), "python": "3"}
    if secret := os.environ.get("WORKER_SECRET"):
        hello["secret"] = secret
    connection.sendall(frame(HELLO, json.dumps(hello).encode()))
    if os.environ.get("WORKER_FAILS"):
        connection.sendall(frame(FAILED, b'{"message": "no model", "traceback": "line 1"}'))
    else:
        ready = {"inputs": [], "outputs": [], "batchable": True, "load_seconds": 0.1}
        connection.sendall(frame(READY, json.dumps(ready).encode()))
    while True:
        length, kind = struct.unpack("!IB", receive(connection, 5))
        payload = receive(connection, length - 1)
        assert kind == REQUESTS, kind
        batch = entries(payload)
        note(log, f"batch {len(batch)}")
        for number, _, arguments in batch:
            if "hostile" in arguments:
                return hostile(arguments["hostile"], connection, number)
        answers = b""
        for number, flags, arguments in batch:
            status, body = run(arguments, flags)
            answers += struct.pack("!IBI", number, status, len(body)) + body
        connection.sendall(frame(RESULTS, struct.pack("!H", len(batch)) + answers))


def note(log: str, line: str) -> None:
    with open(log, "a") as file:
        file.write(line + "\n")


def main(place: str, replica: str, log: str) -> None:
    while True:
        child = os.fork()
        if child == 0:
            note(log, f"pid {os.getpid()}")
            work(place, replica, log)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
