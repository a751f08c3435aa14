"""The whole platform as an operator meets it: ``lyceum up``, ``status``, signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from lyceum.cli.problems import ExitCode
from tests.support.platform import Platform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PARTS = ("proxy", "portal", "uploads", "gateway", "hub", "dispatcher")


@pytest.fixture(autouse=True)
def left_running(platform: Platform) -> Iterator[None]:
    """The platform is everybody's: whatever a test does to it, it runs afterwards."""
    yield
    if platform.process.poll() is not None:
        platform.start()


def status(platform: Platform) -> dict[str, dict]:
    done = platform.command("status", "--json")
    return {part["name"]: part for part in json.loads(done.stdout)["parts"]}


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_says_that_it_is_ready_and_how_to_log_in(platform: Platform) -> None:
    assert f"\nLyceum is ready: {platform.url}\n" in "\n" + platform.output
    page = httpx.get(platform.admin_link)
    assert page.status_code == 200
    assert "password" in page.text


def test_status_shows_each_part(platform: Platform) -> None:
    found = status(platform)
    assert tuple(found) == PARTS
    assert all(part["healthy"] and part["version"] for part in found.values())
    table = platform.command("status").stdout
    for part in found.values():
        assert part["log"] in table.replace("\n", "")
        assert os.path.exists(part["log"])


def test_the_official_content_is_there(platform: Platform) -> None:
    page = httpx.get(platform.url, headers={"accept-language": "en"})
    assert "House prices" in page.text
    assert "Iris" in httpx.get(f"{platform.url}/datasets/", headers={"accept-language": "en"}).text


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_comes_back(platform: Platform, name: str) -> None:
    before = status(platform)
    os.kill(before[name]["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = status(platform)
        if now[name]["healthy"] and now[name]["pid"] != before[name]["pid"]:
            break
        time.sleep(0.3)
    assert now[name]["healthy"]
    assert now[name]["restarts"] == before[name]["restarts"] + 1
    assert now[name]["last_exit"] == "signal SIGKILL"
    others = [other for other in PARTS if other != name]
    assert [now[other]["pid"] for other in others] == [before[other]["pid"] for other in others]
    assert httpx.get(platform.url).status_code == 200


def test_a_second_one_is_refused(platform: Platform) -> None:
    done = platform.command("up")
    assert done.returncode == ExitCode.ALREADY_RUNNING
    assert "already runs" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_and_starts_again(platform: Platform, number: signal.Signals) -> None:
    pids = [part["pid"] for part in status(platform).values()]
    assert platform.stop(number) == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not any(listens(platform.port + offset) for offset in range(6))
    assert platform.command("status").returncode == ExitCode.NOT_RUNNING
    platform.start()
    assert httpx.get(platform.url).status_code == 200


def test_a_killed_supervisor_leaves_nothing_in_the_way(platform: Platform) -> None:
    platform.process.kill()
    platform.process.wait()
    platform.start()
    assert all(part["healthy"] for part in status(platform).values())
