"""Calls as callers make them: outputs, and every error that a caller can meet."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from lyceum.gateway.problems import STATUS
from tests.gateway.stack import KEY, OTHER_KEY, Stack, error, key


@pytest.fixture(autouse=True)
def one_service(stack: Stack) -> None:
    """The service is as it was, whatever the test before did to it."""
    replicas = stack.services[1]["replicas"]
    stack.services.clear()
    stack.serve(replicas=replicas)
    stack.taken()


def test_a_call(stack: Stack) -> None:
    answer = stack.call({"x": 4})
    assert answer.status_code == 200
    assert answer.json()["predict"] == 8.0
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_batch_in_its_order(stack: Stack) -> None:
    answer = stack.call([{"x": x} for x in range(100)])
    assert [each["predict"] for each in answer.json()] == [2.0 * x for x in range(100)]
    assert stack.call(b"[]").json() == []


def test_arguments_arrive_as_declared(stack: Stack) -> None:
    sent = {"more": [1, "二", None, {"a": 1.5}], "x": 3, "do": "echo"}
    answer = stack.call(sent)
    assert answer.json() == {**sent, "x": 3.0}
    assert list(answer.json()) == ["do", "x", "more"]
    assert stack.call({"do": "echo", "x": None}).json() == {"do": "echo"}


@pytest.mark.parametrize("header", ["Bearer", "bearer"])
def test_a_key_in_the_header(stack: Stack, header: str) -> None:
    headers = {"Authorization": f"{header} {KEY}"}
    assert stack.call({"x": 1}, plain=None, headers=headers).status_code == 200


def test_keys_that_are_none(stack: Stack) -> None:
    assert error(stack.call({}, plain=None)) == (401, "missing_key", None)
    assert error(stack.call({}, plain="wrong")) == (401, "wrong_key", None)
    assert error(stack.call({}, plain="%ff%00é")) == (401, "wrong_key", None)
    assert error(stack.call({}, plain="")) == (401, "missing_key", None)


def test_a_key_that_expires_while_another_is_valid(stack: Stack) -> None:
    soon = time.time() + 1.5
    stack.serve(keys=[key(1, KEY), key(2, OTHER_KEY, expires=soon)])
    stack.taken()
    assert stack.call({}, plain=OTHER_KEY).status_code == 200
    time.sleep(max(0, soon - time.time()) + 0.01)
    assert error(stack.call({}, plain=OTHER_KEY)) == (401, "wrong_key", None)
    assert stack.call({}).status_code == 200


def test_a_key_has_so_many_calls_a_minute(stack: Stack) -> None:
    stack.serve(keys=[key(3, KEY, rate=5), key(4, OTHER_KEY, rate=60)])
    stack.taken()
    assert [stack.call({}).status_code for _ in range(5)] == [200] * 5
    answer = stack.call({})
    assert error(answer) == (429, "too_many", None)
    assert 1 <= int(answer.headers["retry-after"]) <= 12
    assert stack.call([{}] * 61, plain=OTHER_KEY).status_code == 200
    assert error(stack.call({}, plain=OTHER_KEY)) == (429, "too_many", None)


def test_addresses_and_methods(stack: Stack) -> None:
    nowhere = f"{stack.url}/serving/sandbox/nothing?apiKey={KEY}"
    assert error(httpx.post(nowhere, json={})) == (404, "unknown_service", None)
    for path in ("/", "/serving/", "/internalx", "/internal/../serving/"):
        assert httpx.get(stack.url + path).status_code == 404
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = httpx.request(method, stack.address())
        assert error(answer) == (405, "wrong_method", None)
        assert "POST" in answer.headers["allow"]
    answer = httpx.options(stack.address(plain=None))
    assert answer.status_code == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "bad_json", None)),
        (b"{", (400, "bad_json", None)),
        (b'{"x": NaN}', (400, "bad_json", None)),
        (b'{"x": 1e999}', (400, "bad_json", None)),
        (b'{"x": "\xff"}', (400, "bad_json", None)),
        (b'{"do": "\\ud800"}', (400, "bad_json", None)),
        (b'{"more": ' + b"[" * 40_000, (400, "bad_json", None)),
        (b'{"more": ' + b"[" * 40_000 + b"]" * 40_000 + b"}", (400, "bad_json", None)),
        (b"17", (400, "wrong_type", None)),
        (b"[17]", (400, "wrong_type", "[0]")),
        (b'{"y": 1}', (400, "unknown_parameter", "y")),
        (b'{"x": "1"}', (400, "wrong_type", "x")),
        (b'{"x": true}', (400, "wrong_type", "x")),
        (b'{"x": 1001}', (400, "out_of_range", "x")),
        (b'[{}, {"x": 1e300}]', (400, "out_of_range", "[1].x")),
        (b'{"x": 1' + b"0" * 400 + b"}", (400, "out_of_range", "x")),
    ],
)
def test_bodies_that_are_refused(stack: Stack, body: bytes, expected: Any) -> None:
    assert error(stack.call(body)) == expected


def test_required_parameters_integers_and_bounds(stack: Stack) -> None:
    stack.serve(
        inputs=[
            {"name": "n", "type": "integer", "required": True, "minimum": -2},
            {"name": "on", "type": "boolean", "required": True},
            {"name": "深", "type": "object", "required": False, "default": {"a": 1}},
            {"name": "do", "type": "string", "required": False, "default": "echo"},
        ]
    )
    stack.taken()
    assert stack.call({"n": 3.0, "on": False}).json()["n"] == 3
    assert stack.call({"n": 3, "on": False}).json()["深"] == {"a": 1}
    assert error(stack.call({"n": 3})) == (400, "missing_parameter", "on")
    assert error(stack.call({"n": None, "on": True})) == (400, "wrong_type", "n")
    assert error(stack.call({"n": 3.5, "on": True})) == (400, "wrong_type", "n")
    assert error(stack.call({"n": 1 << 63, "on": True})) == (400, "out_of_range", "n")
    assert error(stack.call([{"n": -3, "on": True}])) == (400, "out_of_range", "[0].n")
    assert error(stack.call({"n": 1, "on": True, "深": []})) == (400, "wrong_type", "深")


def test_bodies_that_are_too_large(stack: Stack) -> None:
    large = b'{"do": "' + b"x" * 200_000 + b'"}'
    assert error(stack.call(large)) == (413, "body_too_large", None)
    chunks = iter([large[:60_000], large[60_000:]])
    answer = httpx.post(stack.address(), content=chunks)
    assert error(answer) == (413, "body_too_large", None)
    assert error(stack.call([{}] * 501)) == (400, "batch_too_long", None)


def test_bodies_that_are_not_called_json(stack: Stack) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert error(stack.call({}, headers=form)) == (415, "bad_json", None)
    for kind in ("application/json; charset=utf-8", "application/vnd.x+json"):
        assert stack.call({}, headers={"Content-Type": kind}).status_code == 200


@pytest.mark.parametrize(
    ("do", "code"),
    [
        ("raise", "converter_failed"),
        ("model", "model_failed"),
        ("nan", "bad_output"),
        ("junk", "bad_output"),
        ("latin", "bad_output"),
        ("status", "bad_output"),
        ("die", "worker_died"),
    ],
)
def test_failures_of_the_service(stack: Stack, do: str, code: str) -> None:
    answer = stack.call({"do": do})
    assert error(answer) == (500, code, None)
    assert "line 7" not in answer.text
    assert error(stack.call([{}, {"do": do}])) == (500, code, "[1]")


def test_time_that_is_up(stack: Stack) -> None:
    stack.serve(limits={"body_bytes": 1000, "timeout_seconds": 0.3, "queue": 10})
    stack.taken()
    began = time.monotonic()
    assert error(stack.call({"do": "sleep", "x": 1.0})) == (504, "timed_out", None)
    assert time.monotonic() - began < 0.9
    assert error(stack.call({})) == (504, "timed_out", None)  # who waits behind it, too
    time.sleep(0.5)
    assert stack.call({}).status_code == 200


@pytest.mark.parametrize("state", ["paused", "stopped", "failed", "deploying"])
def test_services_that_take_no_calls(stack: Stack, state: str) -> None:
    stack.serve(state=state, active_revision=None)
    stack.taken()
    assert error(stack.call({})) == (503, state, None)


def test_sentences_in_the_callers_language(stack: Stack) -> None:
    def says(language: str) -> str:
        headers = {"Accept-Language": language}
        return stack.call({"x": 5000}, headers=headers).json()["error"]["message"]

    assert says("") == "The parameter x must be at most 1000."
    assert says("zh-CN,zh;q=0.9,en;q=0.8") == "参数 x 不能大于 1000。"
    assert says("en-GB,zh;q=0.5") == says("fr, xx;q=nan") == says("")


def test_the_document_needs_a_key(stack: Stack) -> None:
    address = f"{stack.url}/serving/{stack.services[1]['path']}/openapi.json"
    assert httpx.get(address).status_code == 401
    document = httpx.get(address, params={"apiKey": KEY}).json()
    assert document["info"]["title"] == "House prices"
    codes = document["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["code"]
    assert codes["enum"] == sorted(STATUS)
