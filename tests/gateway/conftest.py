from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.stack import Stack, running
from tests.support.platform import free_ports


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A gateway with one service and one worker, for the tests of a module."""
    with running(free_ports()) as made:
        made.serve()
        made.replica()
        yield made
