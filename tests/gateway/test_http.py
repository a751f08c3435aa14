"""What comes over the wire is not always HTTP as it should be."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from tests.gateway.bodies import bodies
from tests.gateway.stack import KEY, Stack, until

HEAD = f"POST /serving/sandbox/public1?apiKey={KEY} HTTP/1.1\r\nHost: x\r\n"


def call(stack: Stack, length: int | str, body: bytes, more: str = "") -> bytes:
    return stack.raw(f"{HEAD}Content-Length: {length}\r\n{more}\r\n".encode() + body)


@pytest.fixture(scope="module")
def loris(stack: Stack) -> Iterator[list[tuple[float, bytes]]]:
    """Callers who stop in the middle of a body, from the module's start: when and what."""
    ends: list[tuple[float, bytes]] = []
    began = time.monotonic()

    def slow() -> None:
        said = call(stack, 100, b'{"x": ')
        ends.append((time.monotonic() - began, said))

    threads = [threading.Thread(target=slow) for _ in range(50)]
    for thread in threads:
        thread.start()
    yield ends
    for thread in threads:
        thread.join()


@pytest.fixture(autouse=True)
def with_slow_ones(loris: object) -> None:
    """All tests here pass while others stand still."""


def test_a_length_that_is_too_short(stack: Stack) -> None:
    said = call(stack, 8, b'{"x": 1}POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
    assert said.startswith(b"HTTP/1.1 200")
    assert b"400" in call(stack, 4, b'{"x": 1}').split(b"\r\n")[0]


def test_a_length_that_is_too_long(stack: Stack) -> None:
    data = f"{HEAD}Content-Length: 50\r\n\r\n".encode() + b'{"x": 1}'
    with socket.create_connection(("127.0.0.1", stack.settings.gateway_port)) as caller:
        caller.sendall(data)
        caller.shutdown(socket.SHUT_WR)
        caller.settimeout(5)
        assert caller.recv(1000) == b""
    assert stack.service().queue == 0


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "9" * 40, "8, 9"])
def test_a_length_that_is_none(stack: Stack, length: str) -> None:
    assert call(stack, length, b'{"x": 1}').startswith(b"HTTP/1.1 400")


def test_a_body_announced_larger_than_it_may_be(stack: Stack) -> None:
    began = time.monotonic()
    said = call(stack, 10**12, b"{}")
    assert said.startswith(b"HTTP/1.1 413")
    assert b"body_too_large" in said
    assert time.monotonic() - began < 5


def test_two_ways_to_say_how_long(stack: Stack) -> None:
    said = call(stack, 3, b'8\r\n{"x": 1}\r\n0\r\n\r\n', "Transfer-Encoding: chunked\r\n")
    assert said.startswith(b"HTTP/1.1 400")


def test_no_http_at_all(stack: Stack) -> None:
    assert stack.raw(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_headers_of_many_kinds(stack: Stack) -> None:
    more = "Accept-Language: \xff;q=;,zh;q=abc\r\nContent-Encoding: gzip\r\n"
    said = stack.raw(f"{HEAD}Content-Length: 2\r\n{more}\r\n".encode("latin-1") + b"\x1f\x8b")
    assert said.startswith(b"HTTP/1.1 400")
    assert b"bad_json" in said


def test_calls_one_behind_the_other_on_one_connection(stack: Stack) -> None:
    one = f"{HEAD}Content-Length: 8\r\n\r\n".encode() + b'{"x": 1}'
    with socket.create_connection(("127.0.0.1", stack.settings.gateway_port)) as caller:
        caller.settimeout(5)
        caller.sendall(one * 3)
        said = b""
        while said.count(b"predict") < 3:
            said += caller.recv(10_000)
    assert said.count(b"HTTP/1.1 200") == 3


@settings(
    max_examples=120,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(bodies)
def test_any_bytes_get_an_answer(stack: Stack, body: bytes) -> None:
    answer = stack.call(body)
    assert answer.status_code in (200, 400)
    assert answer.json() is not None or body.strip() == b"null"


def test_a_caller_who_stands_still_is_let_go(
    stack: Stack, loris: list[tuple[float, bytes]]
) -> None:
    assert stack.call({"x": 1}).status_code == 200
    until(lambda: len(loris) == 50, "the end of patience", 20)
    assert all(said.startswith(b"HTTP/1.1 408") for _, said in loris)
    assert max(seconds for seconds, _ in loris) < 15
