"""Calls through the front door: the short way, the long way, and when nobody is there."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from lyceum.hub import frontdoor
from tests.gateway.stack import INPUTS, KEY, Stack, error, until


@pytest.fixture(scope="module")
def door(stack: Stack) -> Iterator[str]:
    """The front door's address."""
    stack.serve(limits={"body_bytes": 4_000_000, "timeout_seconds": 8, "queue": 500})
    stack.taken()
    process = subprocess.Popen(
        frontdoor.command(stack.settings),
        env={**os.environ, **frontdoor.environment(stack.settings)},
    )
    url = f"http://127.0.0.1:{stack.port}"
    until(lambda: httpx.get(f"{url}/_chp_healthz").is_success)
    yield url
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module", autouse=True)
def stopped(door: str, stack: Stack) -> Iterator[list[bytes]]:
    """What a caller is told who announced a body, from the module's start, and sent none."""
    ends: list[bytes] = []

    def slow() -> None:
        headers = "Content-Length: 50\r\nAccept-Language: zh-CN\r\n"
        ends.append(raw(stack, f"POST /serving/sandbox/public1?apiKey={KEY}", headers))

    thread = threading.Thread(target=slow)
    thread.start()
    yield ends
    thread.join()


def call(door: str, stack: Stack, content: bytes, **headers: str) -> httpx.Response:
    address = f"{door}/serving/{stack.services[1]['path']}?apiKey={KEY}"
    return stack.http.post(
        address, content=content, headers={"Content-Type": "application/json", **headers}
    )


def echo(size: int) -> bytes:
    return json.dumps({"do": "echo", "more": ["x" * size]}).encode()


@pytest.mark.parametrize("size", [1, 60_000, 66_000, 3_000_000])
def test_bodies_and_answers_of_every_size(door: str, stack: Stack, size: int) -> None:
    answer = call(door, stack, echo(size))
    assert answer.json() == json.loads(echo(size))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_small_calls_with_large_answers(door: str, stack: Stack) -> None:
    sent = [{"do": "echo", "more": ["y" * 900]}] * 60
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: call(door, stack, json.dumps(sent).encode()), range(20)))
    assert all(answer.json() == sent for answer in answers)


@pytest.mark.parametrize("padding", ["", " " * 70_000])
def test_both_ways_say_the_same(door: str, stack: Stack, padding: str) -> None:
    """A body of more than 64 kB goes by the proxy."""

    def said(body: str, **headers: str) -> tuple[int, str, str | None]:
        return error(call(door, stack, (body + padding).encode(), **headers))

    assert said('{"x": 2000}') == (400, "out_of_range", "x")
    assert said("{") == (400, "bad_json", None)
    assert said('{"do": "raise"}') == (500, "converter_failed", None)
    assert said("{}", **{"Content-Type": "text/plain"}) == (415, "bad_json", None)
    assert "参数" in call(door, stack, b'{"y": 1}', **{"Accept-Language": "zh"}).text
    path = f"{door}/serving/{stack.services[1]['path']}"
    answer = httpx.post(path, content="{}" + padding)
    assert error(answer) == (401, "missing_key", None)
    assert answer.headers["www-authenticate"] == "Bearer"
    bearer = {"Authorization": f"Bearer {KEY}"}
    assert httpx.post(path, content="{}" + padding, headers=bearer).status_code == 200
    answer = httpx.post(f"{door}/serving/sandbox/none", content="{}" + padding)
    assert error(answer) == (404, "unknown_service", None)


def test_a_body_that_is_too_large(door: str, stack: Stack) -> None:
    assert error(call(door, stack, b" " * 12_000_000)) == (413, "body_too_large", None)


def test_other_methods_and_the_document(door: str, stack: Stack) -> None:
    path = f"{door}/serving/{stack.services[1]['path']}"
    assert error(httpx.get(path)) == (405, "wrong_method", None)
    assert httpx.options(path).status_code == 204
    document = httpx.get(f"{path}/openapi.json?apiKey={KEY}").json()
    names = document["components"]["schemas"]["Arguments"]["properties"]
    assert list(names) == [each["name"] for each in INPUTS]


@pytest.mark.parametrize(
    "path",
    [
        "/internal/status",
        "/internal/health",
        "/serving/../internal/status",
        "/serving/..%2Finternal/status",
        "/serving/%2e%2e/internal/status",
        "/internal/../serving/x",
        "//internal/status",
        "/serving/\\..\\internal/status",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_reaches_what_is_internal(door: str, stack: Stack, path: str, method: str) -> None:
    token = stack.settings.secrets().internal_token
    said = raw(
        stack, f"{method} {path}", f"Authorization: Bearer {token}\r\nContent-Length: 0\r\n"
    )
    assert said.split(b" ")[1] in (b"400", b"404", b"503")
    assert b"replicas" not in said


@pytest.mark.parametrize(
    "target",
    ["GET //", "GET ///", "GET /%", "GET /%ff", "POST /serving/%zz", "GET http://x/serving/",
     "OPTIONS *", "GET //[", "GET /serving//", "POST /serving/?apiKey=%"],
)  # fmt: skip
def test_odd_addresses_are_no_error_of_the_doors(door: str, stack: Stack, target: str) -> None:
    said = raw(stack, target, "Content-Length: 0\r\n")
    assert said.startswith(b"HTTP/1.1 ")
    assert not said.startswith(b"HTTP/1.1 500")


def raw(stack: Stack, line: str, headers: str) -> bytes:
    data = f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Connection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", stack.port), timeout=20) as caller:
        caller.sendall(data.encode())
        said = b""
        while piece := caller.recv(65536):
            said += piece
        return said


def test_callers_who_hang_up_leave_nothing_behind(door: str, stack: Stack) -> None:
    address = f"{door}/serving/{stack.services[1]['path']}?apiKey={KEY}"
    (worker,) = stack.workers.values()
    ran = len(worker.batches)
    for _ in range(8):
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(address, json={"do": "sleep", "x": 1}, timeout=0.2)
    until(lambda: stack.service().queue == 0 and stack.service().in_flight <= 1, "nobody waits")
    assert call(door, stack, b'{"x": 1}').status_code == 200
    assert len(worker.batches) - ran < 6  # most were never run


def test_a_gateway_that_is_killed_costs_no_small_call(door: str, stack: Stack) -> None:
    with ThreadPoolExecutor(8) as pool:
        under_way = [
            pool.submit(call, door, stack, b'{"do": "sleep", "x": 0.3}') for _ in range(4)
        ]
        until(lambda: stack.service().in_flight, "calls")
        stack.kill()
        later = [pool.submit(call, door, stack, b'{"x": 4}') for _ in range(4)]
        stack.start()
        assert [each.result().status_code for each in under_way + later] == [200] * 8
        assert all(each.result().json()["predict"] == 8 for each in later)


def test_a_call_is_sent_once_more_and_no_more(door: str, stack: Stack) -> None:
    """It may be the one that ends the gateway."""
    with ThreadPoolExecutor(1) as pool:
        fatal = pool.submit(call, door, stack, b'{"do": "sleep", "x": 3}')
        for _ in range(2):
            until(lambda: stack.service().in_flight + stack.service().queue, "the call")
            stack.kill()
            stack.start()
        assert error(fatal.result()) == (503, "gateway_away", None)


def test_no_gateway(door: str, stack: Stack) -> None:
    padding = b" " * 70_000
    with ThreadPoolExecutor(2) as pool:
        large = pool.submit(call, door, stack, b'{"do": "sleep", "x": 1}' + padding)
        until(lambda: stack.service().in_flight, "a call")
        stack.kill()
        assert error(large.result()) == (503, "gateway_away", None)
        small = pool.submit(call, door, stack, b"{}")
        assert error(call(door, stack, b"{}" + padding)) == (503, "gateway_away", None)
        assert not small.done()
        assert error(small.result()) == (503, "gateway_away", None)
    answer = call(door, stack, b"{}")  # it has been away for long: no wait
    assert error(answer) == (503, "gateway_away", None)
    assert answer.headers["retry-after"] == "1"
    assert answer.elapsed.total_seconds() < 2
    stack.start()
    until(lambda: call(door, stack, b'{"x": 1}').status_code == 200, "calls again", 10)


def test_a_body_that_stopped_in_the_middle(stopped: list[bytes]) -> None:
    """All tests before this one passed while it stood still."""
    until(lambda: stopped, "the end of patience", 20)
    assert stopped[0].startswith(b"HTTP/1.1 408")
    assert "请求体".encode() in stopped[0]
