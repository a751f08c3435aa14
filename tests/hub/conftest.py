from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hub.stack import Person, Stack
from tests.support.platform import free_ports


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(home=tmp_path_factory.mktemp("hub"), port=free_ports())
    stack.build_environments()
    stack.migrate()
    for part in ("portal", "proxy", "hub"):
        stack.start(part)
    try:
        for part in ("portal", "proxy", "hub"):
            stack.up(part)
        yield stack
    finally:
        stack.close()


@pytest.fixture(scope="session")
def people(stack: Stack) -> dict[str, Person]:
    return stack.people(["alice", "bob"])
