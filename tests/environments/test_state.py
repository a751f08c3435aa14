from __future__ import annotations

from pathlib import Path

import pytest

from lyceum import environments
from lyceum.environments import definition, interpreters
from lyceum.environments.interpreters import Interpreter
from tests.environments.making import write_definition


def rewrite(small: Path, old: str, new: str) -> None:
    path = small / "environment.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    definition._all.cache_clear()


def test_an_environment_that_can_be_built_is_available_and_not_built(small: Path) -> None:
    found = environments.availability("small")

    assert found == environments.Availability(available=True, built=False)


@pytest.mark.parametrize(
    ("version", "fix"),
    [("3.99", "uv python install 3.99"), ("2.99", "pyenv install 2.99")],
)
def test_a_missing_interpreter_is_said_with_its_fix(small: Path, version: str, fix: str) -> None:
    rewrite(small, definition.get("small").interpreter, version)

    found = environments.availability("small")

    assert not found.available
    assert found.reason == environments.Reason("no_interpreter", {"interpreter": version}, fix)


def test_a_python_with_narrow_characters_is_said(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Interpreter(Path("/p/bin/python"), Path("/p"), (2, 7, 18), wide_unicode=False)
    monkeypatch.setattr(interpreters, "find", lambda _version: narrow)

    reason = environments.availability("small").reason

    assert reason is not None
    assert reason.code == "narrow_unicode"
    assert reason.params["executable"] == "/p/bin/python"


def test_another_kind_of_processor_is_said(small: Path) -> None:
    write_definition(small.parent, toml='machines = ["vax"]')
    definition._all.cache_clear()

    reason = environments.availability("small").reason

    assert reason is not None
    assert (reason.code, reason.params["machines"]) == ("machine", "vax")
    assert reason.fix is None


def test_nothing_is_built_where_it_cannot_be(small: Path) -> None:
    rewrite(small, definition.get("small").interpreter, "3.99")

    with pytest.raises(environments.EnvironmentUnavailable) as caught:
        environments.build("small")

    assert caught.value.reason.code == "no_interpreter"
    assert not environments.prefix("small").exists()


def test_mounts_need_a_built_environment(small: Path) -> None:
    with pytest.raises(FileNotFoundError):
        environments.mounts("small")
