"""Which requests the front door takes to the tus server."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from lyceum.config import Settings
from lyceum.hub import frontdoor
from tests.support.platform import free_ports
from tests.uploads.portal import Portal
from tests.uploads.server import UploadsServer, until

NOTEBOOKS = "notebooks.localhost"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Settings]:
    """A front door with nothing behind it yet."""
    settings = Settings(home=tmp_path, port=free_ports())
    process = subprocess.Popen(
        frontdoor.command(settings), env={**os.environ, **frontdoor.environment(settings)}
    )
    until(lambda: httpx.get(f"http://127.0.0.1:{settings.port}/_chp_healthz").is_success)
    yield settings
    process.terminate()
    process.wait(10)


@pytest.fixture
def behind(door: Settings, tmp_path: Path) -> Iterator[Settings]:
    """The same, with a tus server and a portal."""
    portal = Portal(door.portal_port)
    portal.start()
    server = UploadsServer(tmp_path / "uploads", door.uploads_port, door.portal_port)
    server.start()
    yield door
    server.process.terminate()
    server.process.wait(10)
    portal.stop()


def is_upload(door: Settings, path: str, host: str = "127.0.0.1") -> bool:
    address = httpx.URL(f"http://127.0.0.1:{door.port}").copy_with(raw_path=path.encode())
    answer = httpx.options(address, headers={"Host": f"{host}:{door.port}"})
    return "tus-version" in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "learn.example", "192.168.1.5"])
def test_uploads_are_on_every_name_of_the_portal(behind: Settings, host: str) -> None:
    assert is_upload(behind, "/uploads/", host)
    assert is_upload(behind, "/uploads/?a=/b", host)


@pytest.mark.parametrize(
    "path",
    ["/", "/uploads", "/uploadsx/", "/datasets/uploads/", "/uploads/../admin/", "//uploads/"],
)
def test_other_paths_are_the_portals(behind: Settings, path: str) -> None:
    assert not is_upload(behind, path)


def test_a_route_of_the_notebooks_host_comes_first(behind: Settings) -> None:
    answer = httpx.post(
        f"http://127.0.0.1:{behind.proxy_api_port}/api/routes/{NOTEBOOKS}/",
        json={"target": f"http://127.0.0.1:{behind.portal_port}"},
        headers={"Authorization": f"token {behind.secrets().proxy_token}"},
    )
    assert answer.status_code == 201
    assert not is_upload(behind, "/uploads/", NOTEBOOKS)


def test_a_tus_server_that_is_down_is_a_503(door: Settings) -> None:
    assert httpx.options(f"http://127.0.0.1:{door.port}/uploads/").status_code == 503


def test_the_api_needs_its_key(door: Settings) -> None:
    assert httpx.get(f"http://127.0.0.1:{door.proxy_api_port}/api/routes").status_code == 403


def test_an_idle_connection_is_left_before_the_part_leaves_it(door: Settings) -> None:
    """Uvicorn does after five seconds; a request sent just then would be lost."""
    with (
        ThreadPoolExecutor(1) as browser,
        socket.create_server(("127.0.0.1", door.portal_port)) as portal,
    ):
        asked = browser.submit(httpx.get, f"http://127.0.0.1:{door.port}/")
        connection, _address = portal.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            assert asked.result().text == "ok"
            connection.settimeout(4.9)
            assert connection.recv(1) == b""
