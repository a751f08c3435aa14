from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lyceum.environments import interpreters

VERSION = "{}.{}".format(*sys.version_info)


@pytest.fixture(autouse=True)
def fresh_search() -> Iterator[None]:
    interpreters._find.cache_clear()
    yield
    interpreters._find.cache_clear()


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing under pyenv, nothing of uv's; the PATH is the returned folder."""
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def says(version: str, *, wide: bool = True) -> str:
    """A program that answers like a Python of ``version``."""
    numbers = [int(part) for part in version.split(".")]
    answer = {"executable": "%s", "prefix": "/p", "version": numbers, "wide": wide}
    return f"printf '{json.dumps(answer)}' \"$0\""


def test_the_interpreter_that_runs_us_is_found() -> None:
    found = interpreters.find(VERSION)

    assert found is not None
    assert found.version == sys.version_info[:3]
    assert found.executable == Path(sys._base_executable)
    assert found.prefix == Path(sys.base_prefix)


def test_a_version_that_is_nowhere_is_not_found(empty_machine: Path) -> None:
    assert interpreters.find("3.99") is None


def test_pyenv_is_searched_newest_first(empty_machine: Path) -> None:
    pyenv = Path(os.environ["PYENV_ROOT"]) / "versions"
    for patch in ("3.99.1", "3.99.4"):
        program(pyenv / patch / "bin" / "python3.99", says(patch))

    found = interpreters.find("3.99")

    assert found is not None
    assert found.version == (3, 99, 4)


def test_a_shim_that_cannot_run_is_passed_over(empty_machine: Path) -> None:
    program(
        empty_machine / "python3.99", "echo 'pyenv: python3.99: command not found' >&2; exit 127"
    )

    assert interpreters.find("3.99") is None


def test_a_program_of_another_version_is_passed_over(empty_machine: Path) -> None:
    program(empty_machine / "python3.99", says("3.98.1"))

    assert interpreters.find("3.99") is None


def test_a_wide_python_2_is_preferred_and_a_narrow_one_still_reported(empty_machine: Path) -> None:
    pyenv = Path(os.environ["PYENV_ROOT"]) / "versions"
    program(pyenv / "2.99.9" / "bin" / "python2.99", says("2.99.9", wide=False))
    narrow = interpreters.find("2.99")
    interpreters._find.cache_clear()
    program(pyenv / "2.99.1" / "bin" / "python2.99", says("2.99.1"))
    wide = interpreters.find("2.99")

    assert narrow is not None
    assert not narrow.wide_unicode
    assert wide is not None
    assert wide.version == (2, 99, 1)
