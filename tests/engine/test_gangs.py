from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lyceum.engine.local import LocalEngine
from tests.engine import contract
from tests.engine.conftest import stop_all

pytestmark = pytest.mark.sandbox


class TestInASandbox(contract.Gangs):
    """The whole contract."""


class TestWithoutASandbox(contract.Gangs):
    """And all of it for who has switched isolation off."""

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[LocalEngine]:
        made = LocalEngine(tmp_path / "platform", sandbox="off")
        yield made
        stop_all(made)
