"""``lyceum up`` refuses with one sentence and its own exit code, never a traceback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from lyceum.cli.problems import ExitCode
from tests.support.platform import LYCEUM, Platform, free_ports


@pytest.fixture
def here(tmp_path: Path) -> Platform:
    return Platform(home=tmp_path / "home", port=free_ports())


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence that a refusal printed."""
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr.strip()


def in_view(here: Platform, *bwrap: str) -> subprocess.CompletedProcess[str]:
    """``lyceum up`` where the file system looks as the ``bwrap`` options say."""
    return subprocess.run(
        ["bwrap", "--dev-bind", "/", "/", *bwrap, str(LYCEUM), "up"],
        env=here.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("offset", range(6))
def test_a_taken_port_is_named(here: Platform, offset: int) -> None:
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", here.port + offset))
        taker.listen()
        done = here.command("up")
    assert done.returncode == ExitCode.PORT_TAKEN
    assert f"Port {here.port + offset} " in refused(done)


@pytest.mark.parametrize("address", [{}, {"RAY_ADDRESS": "head:8265"}])
def test_a_cluster_without_an_address(here: Platform, address: dict[str, str]) -> None:
    here.env = {"LYCEUM_ENGINE": "ray", **address}
    done = here.command("up")
    assert done.returncode == ExitCode.USAGE
    assert "RAY_ADDRESS" in refused(done)


def test_a_read_only_data_folder(here: Platform) -> None:
    here.home.mkdir()
    done = in_view(here, "--ro-bind", str(here.home), str(here.home))
    assert done.returncode == ExitCode.HOME_UNUSABLE
    assert f"{here.home} is on a read-only file system" in refused(done)


def test_a_full_data_folder(here: Platform) -> None:
    here.home.mkdir()
    done = in_view(here, "--size", "1000000", "--tmpfs", str(here.home))
    assert done.returncode == ExitCode.HOME_FULL
    assert "at least 200 MB" in refused(done)


def test_a_data_folder_that_is_a_file(here: Platform) -> None:
    here.home.write_text("")
    done = here.command("up")
    assert done.returncode == ExitCode.HOME_UNUSABLE
    assert "is not a folder" in refused(done)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become another user")
def test_a_data_folder_of_somebody_else(here: Platform) -> None:
    from lyceum.cli.checks import check_home
    from lyceum.cli.problems import Problem

    here.home.mkdir()
    child = os.fork()
    if child == 0:
        os.setresuid(65534, 65534, 65534)
        try:
            check_home(here.home)
        except Problem as problem:
            os._exit(problem.code)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == ExitCode.HOME_UNUSABLE


def test_an_address_of_another_machine(here: Platform) -> None:
    here.env["LYCEUM_HOST"] = "192.0.2.1"
    done = here.command("up")
    assert done.returncode == ExitCode.USAGE
    assert "192.0.2.1" in refused(done)


def path_without(folder: Path, *left_out: str) -> str:
    """A ``PATH`` of one folder with the machine's programs but those."""
    folder.mkdir()
    for name in ("setpriv", "node", "bwrap"):
        found = shutil.which(name)
        if found and name not in left_out:
            (folder / name).symlink_to(found)
    return str(folder)


def test_no_node(here: Platform, tmp_path: Path) -> None:
    here.env["PATH"] = path_without(tmp_path / "bin", "node")
    tools = Path(__file__).parents[2] / ".tools" / "node"
    done = in_view(here, "--tmpfs", str(tools)) if tools.exists() else here.command("up")
    assert done.returncode == ExitCode.NODE_MISSING
    assert "scripts/setup" in refused(done)


def test_an_old_node(here: Platform, tmp_path: Path) -> None:
    here.env["PATH"] = path_without(tmp_path / "bin", "node")
    node = tmp_path / "bin" / "node"
    node.write_text("#!/bin/sh\necho v18.20.4\n")
    node.chmod(0o755)
    done = here.command("up")
    assert done.returncode == ExitCode.NODE_MISSING
    assert "v18.20.4" in refused(done)


def test_no_bubblewrap(here: Platform, tmp_path: Path) -> None:
    here.env["PATH"] = path_without(tmp_path / "bin", "bwrap")
    done = here.command("up")
    assert done.returncode == ExitCode.SANDBOX_MISSING
    assert "apt-get install bubblewrap" in refused(done)


def test_a_database_that_does_not_answer(here: Platform) -> None:
    here.env["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    done = here.command("up")
    assert done.returncode == ExitCode.DATABASE_UNREACHABLE
    assert "DATABASE_URL" in refused(done)


def test_status_without_a_platform(here: Platform) -> None:
    done = here.command("status")
    assert done.returncode == ExitCode.NOT_RUNNING
    assert "lyceum up" in refused(done)
