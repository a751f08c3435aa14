"""One tus server and one stand-in for the portal a module, both as new for each test."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.support.platform import free_ports
from tests.uploads.portal import Portal
from tests.uploads.server import UploadsServer


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[UploadsServer, Portal]]:
    portal = Portal(free_ports(1))
    server = UploadsServer(tmp_path_factory.mktemp("home") / "uploads", free_ports(1), portal.port)
    server.start()
    yield server, portal
    server.stop(signal.SIGTERM)


@pytest.fixture
def portal(started: tuple[UploadsServer, Portal]) -> Iterator[Portal]:
    _, portal = started
    portal.owners.clear()
    portal.heard.clear()
    portal.start()
    yield portal
    portal.stop()


@pytest.fixture
def server(started: tuple[UploadsServer, Portal], portal: Portal) -> Iterator[UploadsServer]:
    server, _ = started
    yield server
    if server.process.poll() is not None:
        server.start()
    for left in server.folder.iterdir():
        left.unlink()
