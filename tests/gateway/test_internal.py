"""What the portal and the dispatcher ask the gateway."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lyceum.config import Settings
from lyceum.gateway import client
from tests.gateway.stack import KEY, Stack, error, key, running, until
from tests.support.platform import free_ports


@pytest.fixture
def one(stack: Stack) -> Iterator[Stack]:
    stack.serve(redact=False, keys=[key(7, KEY)])
    stack.taken()
    yield stack


def test_status(one: Stack) -> None:
    began = time.time()
    one.call({})
    found = client.status(current=one.settings)
    assert found.version == one.version
    (replica,) = found.replicas.values()
    assert replica == client.ReplicaStatus(connected=True, ready=True, in_flight=0, failed=None)
    service = found.services[1]
    assert (service.queue, service.in_flight, service.wake_asked) == (0, 0, False)
    assert began <= service.last_call <= time.time()
    assert began <= found.keys[7] <= time.time()


def test_who_asked_before_can_ask_the_gateway_that_comes_next(one: Stack) -> None:
    client.status(current=one.settings)
    one.kill()
    with pytest.raises(client.GatewayUnreachable):
        client.status(current=one.settings)
    one.start()
    assert client.status(current=one.settings).version == one.version
    one.kill()
    one.start()
    assert client.status(current=one.settings).version == one.version
    answer = client.call(1, b'{"x": 3}', current=one.settings)
    assert answer.status == 200


def test_a_test_of_the_owners(one: Stack) -> None:
    answer = client.call(1, b'{"x": 3}', current=one.settings)
    assert answer.status == 200
    assert answer.body["predict"] == 6
    assert answer.prints == "seen\n"
    assert answer.milliseconds > 0
    assert answer.bytes > 10
    batch = client.call(1, b'[{"x": 1}, {"x": 2}]', current=one.settings)
    assert [each["predict"] for each in batch.body] == [2, 4]
    failed = client.call(1, b'{"do": "raise"}', language="zh", current=one.settings)
    assert failed.status == 500
    assert failed.body["error"]["code"] == "converter_failed"
    assert "转换器" in failed.body["error"]["message"]
    assert failed.traceback == "line 7, in reader_infer"
    assert failed.message == "ValueError: x"
    assert failed.prints == "before\n"
    wrong = client.call(1, b'{"y": 1}', current=one.settings)
    assert (wrong.status, wrong.body["error"]["field"]) == (400, "y")
    for nonsense in ("junk", "status"):
        odd = client.call(1, b'{"do": "%s"}' % nonsense.encode(), current=one.settings)
        assert odd.body["error"]["code"] == "bad_output"


def test_metrics(one: Stack) -> None:
    one.serve(2, keys=[key(8, KEY)], path="sandbox/second", replicas=[])
    one.replica(2)
    before = client.metrics(2, 5, current=one.settings)
    for _ in range(20):
        one.call({}, pk=2)
    one.call({"do": "sleep", "x": 0.1}, pk=2)
    one.call({"x": "no"}, pk=2)
    one.call({}, pk=2, plain="wrong")
    points = client.metrics(2, 5, current=one.settings)
    assert [each.minute % 60 for each in points] == [0] * 5
    assert sum(each.calls for each in points) == sum(each.calls for each in before) + 22
    assert sum(each.errors for each in points) == sum(each.errors for each in before) + 1
    called = [each for each in points if each.calls]
    assert all(0 < each.p50 <= each.p95 <= each.p99 for each in called)
    assert 95 < max(each.p99 for each in called) < 5000
    assert client.metrics(99, 1, current=one.settings)[0].p50 is None


def test_errors(one: Stack) -> None:
    one.serve(3, keys=[key(9, KEY)], path="sandbox/third", replicas=[])
    one.replica(3)
    one.call({"do": "raise", "x": 1.5}, pk=3)
    one.call(b'{"do": "' + b"y" * 20_000, pk=3)
    parse, raised = client.errors(3, current=one.settings)[:2]
    assert (raised.status, raised.code) == (500, "converter_failed")
    assert raised.traceback == "line 7, in reader_infer"
    assert raised.input == '{"do": "raise", "x": 1.5}'
    assert (parse.code, parse.traceback, len(parse.input)) == ("bad_json", "", 10_000)
    assert parse.message.startswith("The body is not valid JSON")
    parse, raised = client.errors(3, language="zh-hans", current=one.settings)[:2]
    assert parse.message.startswith("请求体不是有效的 JSON")
    assert raised.message == "ValueError: x"
    one.serve(3, redact=True)
    one.taken()
    for x in range(110):
        one.call({"z": x}, pk=3)
    kept = client.errors(3, current=one.settings)
    assert len(kept) == 100
    assert all(each.input is None and each.field == "z" for each in kept)


def test_only_the_platform_may_ask(one: Stack) -> None:
    address = f"{one.url}/internal/status"
    token = {"Authorization": f"Bearer {one.settings.secrets().internal_token}"}
    assert httpx.get(address).status_code == 401
    assert httpx.get(address, headers={"Authorization": "Bearer x"}).status_code == 401
    assert httpx.get(address, headers=token).status_code == 200
    through = {**token, "X-Forwarded-For": "127.0.0.1"}
    assert httpx.get(address, headers=through).status_code == 404
    for path in ("nothing", "services/x/call", "services/1/nothing", "services/²/errors"):
        answer = httpx.get(f"{one.url}/internal/{path}", headers=token)
        assert answer.status_code == 404


def test_no_gateway(tmp_path: Path) -> None:
    nowhere = Settings(home=tmp_path, port=free_ports())
    with pytest.raises(client.GatewayUnreachable):
        client.status(current=nowhere)


def test_statistics_outlive_the_gateway() -> None:
    with running(free_ports()) as stack:
        stack.serve()
        stack.replica()
        stack.call({})
        stack.call({"x": "no"})
        used = client.status(current=stack.settings)
        time.sleep(2.3)
        stack.kill()
        stack.start()
        again = client.status(current=stack.settings)
        assert again.keys == used.keys
        assert again.services[1].last_call == used.services[1].last_call
        assert sum(each.calls for each in client.metrics(1, current=stack.settings)) == 2
        assert len(client.errors(1, current=stack.settings)) == 1
        stack.kill()
        for file in (stack.home / "gateway").glob("metrics.sqlite3*"):
            file.write_bytes(b"no database at all" * 1000)
        stack.start()
        until(lambda: stack.call({}).status_code == 200, "calls")
        assert sum(each.calls for each in client.metrics(1, current=stack.settings)) == 1


def test_no_room_for_statistics() -> None:
    with running(free_ports()) as stack:
        stack.serve()
        stack.replica()
        stack.kill()
        for file in (stack.home / "gateway").glob("metrics.sqlite3*"):
            file.unlink()
        (stack.home / "gateway" / "metrics.sqlite3").mkdir()
        stack.start()
        until(lambda: stack.call({}).status_code == 200, "calls")
        assert sum(each.calls for each in client.metrics(1, current=stack.settings)) == 0
        (stack.home / "gateway" / "metrics.sqlite3").rmdir()
        assert stack.call({}).status_code == 200
        assert sum(each.calls for each in client.metrics(1, current=stack.settings)) >= 1


def test_routes_that_can_not_be_read(one: Stack) -> None:
    path = one.home / "gateway" / "routes.json"
    good = path.read_bytes()
    for bad in (b"", b"{", b"[]", b'{"version": "1", "services": []}', good[:-20]):
        path.write_bytes(bad)
        time.sleep(0.15)
        assert one.call({}).status_code == 200
    broken = {"service": 4, "path": "sandbox/broken", "state": 1}
    one.services[4] = broken
    one.write()
    one.taken()
    assert one.call({}).status_code == 200
    del one.services[4]
    one.write()


def test_a_service_that_is_deleted(one: Stack) -> None:
    one.serve(5, path="sandbox/fifth", replicas=[])
    worker = one.replica(5)
    assert one.call({}, pk=5).status_code == 200
    address = one.address(5)
    del one.services[5]
    one.write()
    one.taken()
    assert error(one.http.post(address, json={})) == (404, "unknown_service", None)
    assert worker.uid not in client.status(current=one.settings).replicas
