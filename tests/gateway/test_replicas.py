"""Workers that die, hang, lie, come and go while calls are on their way."""

from __future__ import annotations

import os
import signal
import socket
import stat
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import psutil
import pytest

from tests.gateway.stack import Stack, Worker, error, until
from tests.gateway.worker import HELLO, READY, frame


@pytest.fixture(autouse=True)
def one_worker(stack: Stack) -> Iterator[Worker]:
    """Each test has a service with one fresh replica."""
    for old in list(stack.workers.values()):
        stack.remove(old)
    stack.serve(
        active_revision=1,
        state="running",
        wake=False,
        batch=True,
        limits={"body_bytes": 100_000, "timeout_seconds": 5, "queue": 500},
    )
    yield stack.replica()


def at_once(stack: Stack, bodies: list[object], seconds: float = 0.3) -> list[httpx.Response]:
    """Calls that wait together: the first one holds the worker until all are queued."""
    with ThreadPoolExecutor(len(bodies) + 1) as pool:
        first = pool.submit(stack.call, {"do": "sleep", "x": seconds})
        until(lambda: stack.service().in_flight == 1, "the first call")
        rest = [pool.submit(stack.call, body) for body in bodies]
        answers = [each.result() for each in rest]
        assert first.result().status_code == 200
    return answers


@contextmanager
def load(stack: Stack, clients: int = 4) -> Iterator[Counter[int]]:
    """Calls without end meanwhile; what they were answered."""
    statuses: Counter[int] = Counter()
    done = threading.Event()

    def caller() -> None:
        with httpx.Client(timeout=30, verify=False) as http:
            while not done.is_set():
                try:
                    answer = http.post(stack.address(), json={"x": 2})
                    right = answer.status_code != 200 or answer.json()["predict"] == 4
                    statuses[answer.status_code if right else -1] += 1
                except httpx.HTTPError:
                    statuses[0] += 1
                    done.wait(0.05)

    threads = [threading.Thread(target=caller) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: statuses[200] > 20, "the load")
        yield statuses
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_the_socket_is_for_every_user(stack: Stack, one_worker: Worker) -> None:
    about = os.stat(one_worker.folder / "socket")
    assert stat.S_ISSOCK(about.st_mode)
    assert stat.S_IMODE(about.st_mode) == 0o666


def test_without_a_cluster_other_machines_find_no_port(stack: Stack) -> None:
    assert stack.process
    found = psutil.Process(stack.process.pid).net_connections("tcp")
    listening = {one.laddr for one in found if one.status == psutil.CONN_LISTEN}
    assert listening == {("127.0.0.1", stack.settings.gateway_port)}


def test_what_waits_goes_as_one_batch(stack: Stack, one_worker: Worker) -> None:
    answers = at_once(stack, [{"x": x} for x in range(4)])
    assert sorted(answer.json()["predict"] for answer in answers) == [0, 2, 4, 6]
    assert one_worker.batches == [1, 4]
    assert stack.call([{}] * 60).status_code == 200
    assert max(one_worker.batches) > 4  # quick runs make larger ones


def test_a_service_without_batches(stack: Stack, one_worker: Worker) -> None:
    stack.serve(batch=False)
    stack.taken()
    at_once(stack, [{"x": x} for x in range(4)])
    assert one_worker.batches == [1] * 5


def test_a_poisoned_request_kills_no_other(stack: Stack, one_worker: Worker) -> None:
    answers = at_once(stack, [{"x": 1}, {"do": "die"}, {"x": 2}, {"x": 3}])
    assert error(answers.pop(1)) == (500, "worker_died", None)
    assert [answer.json()["predict"] for answer in answers] == [2, 4, 6]


def test_a_killed_worker_with_a_batch_in_its_hands(stack: Stack, one_worker: Worker) -> None:
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(stack.call, {"do": "sleep", "x": 0.3})
        until(lambda: stack.service().in_flight == 1, "the first call")
        rest = [pool.submit(stack.call, {"do": "sleep", "x": 0.3}) for _ in range(3)]
        until(lambda: stack.service().in_flight == 3, "the batch")
        os.kill(one_worker.pid, signal.SIGKILL)
        assert first.result().status_code == 200
        assert [each.result().status_code for each in rest] == [200] * 3
    assert one_worker.batches == [1, 3, 1, 1, 1]


def test_kills_under_load(stack: Stack, one_worker: Worker) -> None:
    with load(stack) as statuses:
        for _ in range(3):
            served = statuses[200]
            os.kill(one_worker.pid, signal.SIGKILL)
            until(lambda served=served: statuses[200] > served + 20, "calls after the kill", 5)
    assert set(statuses) <= {200, 500}
    assert statuses[500] <= 3


def test_a_switch_of_revisions_fails_no_call(stack: Stack, one_worker: Worker) -> None:
    old = one_worker
    with load(stack) as statuses:
        for revision in (2, 3):
            new = stack.replica(revision=revision)
            stack.serve(active_revision=revision)
            stack.taken()
            until(lambda old=old: stack.status(old.uid).in_flight == 0, "the last calls")
            stack.remove(old)
            assert stack.call({}).json()["pid"] == new.pid
            served = statuses[200]
            until(lambda served=served: statuses[200] > served + 20, "calls of the new one")
            old = new
    assert set(statuses) == {200}


def test_a_replica_taken_away_in_the_middle_of_a_batch(stack: Stack, one_worker: Worker) -> None:
    second = stack.replica()
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(stack.call, {"do": "sleep", "x": 0.4}) for _ in range(2)]
        until(lambda: stack.service().in_flight == 2, "both")
        stack.services[1]["replicas"] = [
            each for each in stack.services[1]["replicas"] if each["id"] != second.uid
        ]
        stack.write()
        assert [call.result().status_code for call in calls] == [200, 200]
    until(lambda: second.uid not in str(stack.services), "gone")
    stack.workers.pop(second.uid).stop()


def test_replicas_share_the_work(stack: Stack, one_worker: Worker) -> None:
    second = stack.replica()
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(stack.call, [{"do": "sleep", "x": 0.4}] * 2))
    assert time.monotonic() - began < 0.75
    assert one_worker.batches and second.batches


def test_the_gateway_is_killed_and_the_worker_stays(stack: Stack, one_worker: Worker) -> None:
    pid = stack.call({}).json()["pid"]
    with load(stack) as statuses:
        stack.kill()
        began = time.monotonic()
        stack.start()
        served = statuses[200]
        until(lambda: statuses[200] > served, "calls again", 5)
        assert time.monotonic() - began < 5
    assert set(statuses) <= {200, 0}  # nobody got a wrong answer
    assert stack.call({}).json()["pid"] == pid


def test_a_worker_that_can_not_load(stack: Stack) -> None:
    worker = stack.replica(revision=2, WORKER_FAILS="1")
    failed = until(lambda: stack.status(worker.uid).failed, "the failure")
    assert failed == {"message": "no model", "traceback": "line 1"}
    assert not stack.status(worker.uid).ready


def test_no_worker_yet(stack: Stack, one_worker: Worker) -> None:
    stack.serve(limits={"body_bytes": 100_000, "timeout_seconds": 0.4, "queue": 2})
    stack.remove(one_worker)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(stack.call, {}) for _ in range(2)]
        until(lambda: stack.service().queue == 2, "a full queue")
        assert error(stack.call({})) == (503, "queue_full", None)
        assert [error(each.result())[1] for each in waiting] == ["timed_out"] * 2
        stack.serve(limits={"body_bytes": 100_000, "timeout_seconds": 10, "queue": 2})
        stack.taken()
        patient: Future[httpx.Response] = pool.submit(stack.call, {"x": 1})
        stack.replica()
        assert patient.result().json()["predict"] == 2


def test_large_bodies_that_wait_have_a_limit(stack: Stack, one_worker: Worker) -> None:
    stack.serve(limits={"body_bytes": 9_000_000, "timeout_seconds": 20, "queue": 100})
    stack.taken()
    body = b'{"more": ["' + b"x" * 8_000_000 + b'"]}'
    answers = at_once(stack, [body] * 9, seconds=2)
    assert {answer.status_code for answer in answers} <= {200, 503}
    refused = [error(answer) for answer in answers if answer.status_code == 503]
    assert refused and set(refused) == {(503, "queue_full", None)}


def test_a_paused_service_is_woken_by_a_call(stack: Stack, one_worker: Worker) -> None:
    stack.remove(one_worker)
    stack.serve(state="paused", active_revision=None, wake=True)
    stack.taken()
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(stack.call, {"x": 21})
        until(lambda: stack.service().wake_asked, "the wish")
        stack.serve(state="deploying")
        stack.taken()
        assert not stack.service().wake_asked
        stack.replica(revision=5)
        assert not call.done()
        stack.serve(state="running", active_revision=5)
        assert call.result().json()["predict"] == 42


def test_who_waits_is_told_when_the_service_stops(stack: Stack, one_worker: Worker) -> None:
    stack.remove(one_worker)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(stack.call, {})
        until(lambda: stack.service().queue == 1, "a waiting call")
        stack.serve(state="stopped", active_revision=None)
        assert error(call.result()) == (503, "stopped", None)


@pytest.mark.parametrize(
    "lie", ["huge", "zero", "wrong id", "short", "many", "left over", "kind", "requests", "ready"]
)
def test_hostile_frames(stack: Stack, one_worker: Worker, lie: str) -> None:
    answers = at_once(stack, [{"x": 1}, {"hostile": lie}])
    assert answers[0].json()["predict"] == 2
    assert error(answers[1]) == (500, "worker_died", None)
    assert stack.call({"x": 1}).json()["predict"] == 2


def test_a_second_result_for_the_same_request(stack: Stack, one_worker: Worker) -> None:
    assert stack.call({"hostile": "twice"}).json() == 1
    assert stack.call({"x": 1}).json()["predict"] == 2


def test_a_worker_that_never_answers_is_given_up(stack: Stack, one_worker: Worker) -> None:
    stack.serve(limits={"body_bytes": 100_000, "timeout_seconds": 0.2, "queue": 10})
    stack.taken()
    assert error(stack.call({"hostile": "nothing"}))[1] == "timed_out"
    until(lambda: not stack.status(one_worker.uid).connected, "the end of patience", 7)
    os.kill(one_worker.pid, signal.SIGKILL)
    until(lambda: stack.status(one_worker.uid).ready, "a new one")
    assert stack.call({}).status_code == 200


def dial(worker: Worker, data: bytes) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(8)
    folder = os.open(worker.folder, os.O_PATH)
    connection.connect(f"/proc/self/fd/{folder}/socket")
    os.close(folder)
    connection.sendall(data)
    return connection


def test_strangers_at_the_socket(stack: Stack, one_worker: Worker) -> None:
    hello = frame(HELLO, b'{"protocol": 1, "replica": "another"}')
    for data in (
        hello,
        frame(HELLO, b'{"protocol": 9, "replica": "' + one_worker.uid.encode() + b'"}'),
        frame(HELLO, b"[" * 3000),
        frame(READY, b'{"batchable": true}'),
        struct.pack("!I", 5000),
    ):
        with dial(one_worker, data) as connection:
            assert connection.recv(1) == b""
    silent = [dial(one_worker, b"") for _ in range(12)]
    assert stack.call({"x": 1}).json()["predict"] == 2
    for connection in silent:
        assert connection.recv(1) == b""  # no hello in time
        connection.close()
    assert stack.call({"x": 1}).json()["predict"] == 2
