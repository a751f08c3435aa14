"""Workers that dial from other machines, and those who are none of ours."""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.gateway.stack import Stack, Worker, running, until
from tests.gateway.worker import HELLO, READY, frame
from tests.support.platform import free_ports


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A gateway of a platform with a cluster, and one service."""
    patch = pytest.MonkeyPatch()
    patch.setenv("LYCEUM_ENGINE", "ray")
    with running(free_ports(7)) as made:
        made.serve()
        yield made
    patch.undo()


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Worker:
    """One that has dialled as those on other machines do."""
    return stack.replica(remote=True)


def hello(**said: object) -> bytes:
    return frame(HELLO, json.dumps({"protocol": 1, **said}).encode())


def dial(stack: Stack, data: bytes = b"") -> socket.socket:
    connection = socket.create_connection(stack.settings.nodes_address, timeout=8)
    connection.sendall(data)
    return connection


def is_refused(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_calls_are_answered_from_another_machine(stack: Stack, worker: Worker) -> None:
    assert stack.call({"x": 2}).json() == {"predict": 4, "pid": worker.pid}
    large = "x" * 90_000
    assert stack.call({"do": "echo", "more": [large]}).json()["more"] == [large]
    assert [each["predict"] for each in stack.call([{"x": x} for x in range(50)]).json()] == [
        2 * x for x in range(50)
    ]


def test_a_worker_that_is_killed_and_a_gateway_that_is(stack: Stack, worker: Worker) -> None:
    before = worker.pid
    os.kill(before, 9)
    until(lambda: worker.pid != before and stack.status(worker.uid).ready, "the next worker")
    stack.kill()
    stack.start()
    until(lambda: stack.status(worker.uid).ready, "the same worker")
    assert stack.call({"x": 2}).json() == {"predict": 4, "pid": worker.pid}


def test_who_is_not_a_replicas_worker_gets_nowhere(stack: Stack, worker: Worker) -> None:
    uid, other = worker.uid, stack.replica(remote=True).uid
    right = stack.secret(uid)
    unknown = "0" * 32
    for data in (
        hello(replica=uid),
        hello(replica=uid, secret=""),
        hello(replica=uid, secret=right[:-1] + ("0" if right[-1] != "0" else "1")),
        hello(replica=uid, secret=stack.secret(other)),
        hello(replica=other, secret=right),
        hello(replica=uid, secret="é\udcff" * 32),
        hello(replica="é", secret=right),
        hello(replica=unknown, secret=stack.secret(unknown)),
        hello(replica=[uid], secret=[right]),
        hello(replica=uid, secret=right).replace(b'"protocol": 1', b'"protocol": 9'),
        frame(HELLO, b"[" * 3000),
        frame(HELLO, b'"' + right.encode() + b'"'),
        frame(READY, json.dumps({"replica": uid, "secret": right}).encode()),
        struct.pack("!I", 0),
        struct.pack("!I", 5000),
        b"GET / HTTP/1.1\r\n\r\n",
        os.urandom(100_000),
    ):
        with dial(stack, data) as connection:
            assert is_refused(connection), data[:100]
    assert stack.status(uid).ready and stack.status(other).ready
    assert stack.call({"x": 2}).json()["predict"] == 4
    stack.remove(stack.workers[other])


def test_a_replica_that_has_left_takes_no_connection(stack: Stack, worker: Worker) -> None:
    gone = stack.replica(remote=True)
    stack.remove(gone)
    with dial(stack, hello(replica=gone.uid, secret=stack.secret(gone.uid))) as connection:
        assert is_refused(connection)


def test_silence_and_floods_keep_no_worker_out(stack: Stack, worker: Worker) -> None:
    assert stack.process
    process = psutil.Process(stack.process.pid)
    descriptors = process.num_fds()
    slow = hello(replica=worker.uid, secret=stack.secret(worker.uid))[:-1]
    silent = [dial(stack, slow if number % 2 else b"") for number in range(400)]
    began = time.monotonic()
    assert stack.call({"x": 2}).json()["predict"] == 4
    assert time.monotonic() - began < 1
    late = stack.replica(remote=True)  # waits for a ready worker
    assert process.num_fds() < descriptors + 300
    for connection in silent:
        assert is_refused(connection)
        connection.close()
    assert stack.status(worker.uid).ready
    stack.remove(late)
    until(lambda: process.num_fds() <= descriptors + 1, "all that it took")
