from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lyceum import environments
from lyceum.environments import definition
from tests.environments.making import Sandbox, write_definition
from tests.support.environments import SHARED


@pytest.fixture
def own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of environments for this test alone."""
    root = tmp_path / "environments"
    monkeypatch.setenv("LYCEUM_ENVIRONMENTS", str(root))
    return root


@pytest.fixture
def small(own_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the only definition, ``small``: this Python and one package."""
    folder = write_definition(tmp_path / "definitions")
    monkeypatch.setattr(definition, "DEFINITIONS", folder.parent)
    definition._all.cache_clear()
    yield folder
    monkeypatch.undo()
    definition._all.cache_clear()


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Sandbox]:
    """``sandbox(name)``: a project's home in which the environment is read-only."""
    monkeypatch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))

    def make(name: str) -> Sandbox:
        if not environments.availability(name).available:
            pytest.skip(f"{name} is not available on this machine")
        environments.build(environments.SERVER)
        environments.build(name)
        home = tmp_path / "home"
        home.mkdir()
        return Sandbox(name, home)

    return make
