"""Clients of the whole platform, whose upload memory is the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lyceum.sdk import Client
from tests.support.platform import Platform

Connect = Callable[..., Client]


@pytest.fixture(scope="session")
def token(platform: Platform) -> str:
    return platform.token("sdk-learner")


@pytest.fixture
def connect(platform: Platform, token: str, tmp_path: Path) -> Iterator[Connect]:
    """Makes clients: ``connect(address=…, token=…, patience=…)``."""
    with ExitStack() as open_clients:

        def make(address: str = platform.url, token: str = token, **options) -> Client:
            ledger = tmp_path / "cache" / "uploads.json"
            return open_clients.enter_context(Client(address, token, uploads=ledger, **options))

        yield make


@pytest.fixture
def client(connect: Connect) -> Client:
    return connect()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small files, a picture's worth of bytes, and a link that nobody follows."""
    top = tmp_path / "data"
    (top / "train" / "多").mkdir(parents=True)
    (top / "a.csv").write_text("x,y\n1,2\n")
    (top / "train" / "多" / "b c#?%.txt").write_text("hello")
    (top / "link.csv").symlink_to(top / "a.csv")
    (top / "links").symlink_to(top / "train")
    return top
