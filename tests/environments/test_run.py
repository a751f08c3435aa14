"""``lyceum_run.py``: a project's own packages over a read-only environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lyceum import environments

RUN = "share/lyceum/lyceum_run.py"
WHERE = "import sys, six; print(sys.prefix); print(six.__file__)"


@pytest.fixture
def prefix(small: Path) -> Path:
    return environments.build("small")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


def run(prefix: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [prefix / "bin" / "python", prefix / RUN, *arguments],
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_python_runs_in_the_projects_own_environment(prefix: Path, home: Path) -> None:
    own, six = run(prefix, home, "-c", WHERE).stdout.split()

    assert own == str(home / ".lyceum/environments/small")
    assert six.startswith(str(prefix))


def test_a_package_of_the_project_comes_before_ours(prefix: Path, home: Path) -> None:
    run(prefix, home, "-c", "")
    (packages,) = home.glob(".lyceum/environments/small/lib/python*/site-packages")
    (packages / "six.py").write_text("")

    _, six = run(prefix, home, "-c", WHERE).stdout.split()

    assert six == str(packages / "six.py")


def test_what_a_learner_breaks_is_mended(prefix: Path, home: Path) -> None:
    run(prefix, home, "-c", "")
    own = home / ".lyceum/environments/small"
    (own / "pyvenv.cfg").write_text("home = /nowhere\n")
    (own / "bin" / "python").unlink()
    (own / "bin" / "python").symlink_to("/bin/false")

    assert run(prefix, home, "-c", WHERE).stdout.startswith(str(own))


def test_python_runs_even_where_nothing_can_be_written(prefix: Path, home: Path) -> None:
    (home / ".lyceum").write_text("a file where a folder should be")

    done = run(prefix, home, "-c", WHERE)

    assert done.stdout.startswith(str(prefix))
    assert "not available" in done.stderr


def test_the_homes_own_files_are_left_alone(prefix: Path, home: Path) -> None:
    shipped = prefix / "share/lyceum/home/.cache/paddle/dataset/uci_housing/housing.data"
    shipped.parent.mkdir(parents=True)
    shipped.write_text("ours")
    data = home / ".cache/paddle/dataset/uci_housing/housing.data"
    data.parent.mkdir(parents=True)
    data.write_text("mine")

    run(prefix, home, "-c", "")

    assert data.read_text() == "mine"


def test_files_of_the_environment_come_into_the_home(prefix: Path, home: Path) -> None:
    shipped = prefix / "share/lyceum/home/.cache/data"
    shipped.parent.mkdir(parents=True)
    shipped.write_text("ours")

    run(prefix, home, "-c", "")

    assert (home / ".cache/data").read_text() == "ours"


def test_both_folders_of_programs_are_first_on_the_path(prefix: Path, home: Path) -> None:
    path = run(prefix, home, "-c", "import os; print(os.environ['PATH'])").stdout.split(":")

    assert path[0] == str(home / ".lyceum/environments/small/bin")
    assert path[1] == str(prefix / "bin")


def test_after_an_environment_was_rebuilt_the_project_uses_the_new_one(
    prefix: Path, home: Path, tmp_path: Path
) -> None:
    run(prefix, home, "-c", "")
    link = home / ".lyceum/environments/small/bin/python"
    (pth,) = home.glob(".lyceum/**/lyceum-environment.pth")
    pth.write_text("/an/older/build\n")

    _, six = run(prefix, home, "-c", WHERE).stdout.split()

    assert six.startswith(str(prefix))
    assert link.is_symlink()
