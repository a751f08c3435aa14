"""``lyceum login`` and ``lyceum dataset``, as a learner types them against a platform."""

from __future__ import annotations

import json
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lyceum.cli.problems import ExitCode
from lyceum.sdk import Client
from tests.cli.learner import Learner
from tests.datasets.wire import wire_to
from tests.support.platform import Platform, free_ports

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def learner(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Learner:
    token = platform.token("cli-learner")
    known = Learner(tmp_path_factory.mktemp("home"), platform.url, token)
    assert "cli-learner" in known.run("login", platform.url, "--token", token)
    return known


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    top = tmp_path / "data"
    (top / "train").mkdir(parents=True)
    (top / "train" / "图.bin").write_bytes(random.Random(3).randbytes(12 * MEGABYTE + 1))
    (top / "a.csv").write_text("x,y\n1,2\n")
    return top


def test_the_token_is_kept_for_this_user_only(learner: Learner) -> None:
    kept = learner.home / ".config" / "lyceum" / "credentials.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text()) == {"address": learner.address, "token": learner.token}


def test_create_list_files_download_version(
    learner: Learner, folder: Path, tmp_path: Path
) -> None:
    about = tmp_path / "about.md"
    about.write_text("# 数据")
    made = json.loads(
        learner.run(
            "dataset", "create", str(folder), "--name", "命令行", "--licence", "MIT",
            "--tag", "rain", "--tag", "sky", "--description", str(about), "--shared", "--json",
        )
    )  # fmt: skip
    assert (made["tags"], made["visibility"]) == (["rain", "sky"], "shared")
    assert made["description"] == "# 数据"
    number = str(made["id"])
    assert "命令行" in learner.run("dataset", "list")
    [listed] = json.loads(learner.run("dataset", "list", "--search", "命令行", "--json"))
    assert listed["id"] == made["id"]
    assert "train/图.bin" in learner.run("dataset", "files", number)

    target = tmp_path / "fetched"
    assert "2 files" in learner.run("dataset", "download", number, "-o", str(target))
    for path in ("a.csv", "train/图.bin"):
        assert (target / path).read_bytes() == (folder / path).read_bytes()

    (tmp_path / "b.csv").write_text("b")
    learner.run(
        "dataset", "version", number, str(tmp_path / "b.csv"), "--note", "B", "--remove", "a.csv"
    )
    files = json.loads(learner.run("dataset", "files", number, "--json"))
    assert [each["path"] for each in files] == ["b.csv", "train/图.bin"]
    assert "a.csv" in learner.run("dataset", "files", number, "--version", "1")


def test_killed_in_the_middle_of_a_file_it_goes_on_there(
    platform: Platform, learner: Learner, folder: Path
) -> None:
    words = ["dataset", "create", str(folder), "--name", "Killed", "--json"]
    size = sum(path.stat().st_size for path in folder.rglob("*.*"))
    with wire_to(platform.port, rate=4 * MEGABYTE) as wire:
        env = {"LYCEUM_ADDRESS": wire.url, "LYCEUM_TOKEN": learner.token}
        process = learner.start(*words, **env)
        wait_for(lambda: wire.sent > 5 * MEGABYTE)
        process.kill()
        process.communicate()
        wait_for(lambda: offset_at(learner, "Killed") > MEGABYTE)
        there, before, wire.rate = offset_at(learner, "Killed"), wire.sent, None
        made = json.loads(learner.run(*words, **env))
        assert made["size"] == size
        assert wire.sent - before < size - there + MEGABYTE


def test_ctrl_c_says_how_to_go_on(platform: Platform, learner: Learner, folder: Path) -> None:
    with wire_to(platform.port, rate=MEGABYTE // 2) as wire:
        env = {"LYCEUM_ADDRESS": wire.url, "LYCEUM_TOKEN": learner.token}
        process = learner.start("dataset", "create", str(folder), "--name", "Stopped", **env)
        wait_for(lambda: wire.sent > MEGABYTE // 4)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "same command again" in err and "Traceback" not in err


def test_a_download_goes_on(
    platform: Platform, learner: Learner, folder: Path, tmp_path: Path
) -> None:
    made = json.loads(learner.run("dataset", "create", str(folder), "--name", "Fetched", "--json"))
    target = tmp_path / "fetched"
    with wire_to(platform.port) as wire:
        wire.down_rate = 4 * MEGABYTE
        env = {"LYCEUM_ADDRESS": wire.url, "LYCEUM_TOKEN": learner.token}
        process = learner.start(
            "dataset", "download", str(made["id"]), "train/图.bin", "-o", str(target), **env
        )
        wait_for(lambda: any(part.stat().st_size > MEGABYTE for part in target.rglob("*.part")))
        process.kill()
        process.communicate()
    learner.run("dataset", "download", str(made["id"]), "-o", str(target))
    path = "train/图.bin"
    assert (target / path).read_bytes() == (folder / path).read_bytes()
    assert not any(target.rglob("*.part"))


def test_refusals_are_sentences(learner: Learner, folder: Path) -> None:
    fails = ExitCode.FAILED
    assert "unknown" in learner.run("login", learner.address, "--token", "lyt_no", code=fails)
    wrong = learner.run("dataset", "list", code=fails, LYCEUM_TOKEN="lyt_no")
    assert "lyceum login" in wrong
    nowhere = f"http://127.0.0.1:{free_ports(1)}"
    said = learner.run("dataset", "list", code=fails, LYCEUM_ADDRESS=nowhere, LYCEUM_TOKEN="t")
    assert "can't be reached" in said and nowhere in said
    # The stored token is for another platform.
    assert "not logged in" in learner.run("dataset", "list", code=fails, LYCEUM_ADDRESS=nowhere)
    assert learner.run("dataset", "files", "999999", code=fails).count("\n") == 1
    empty = folder / "empty.txt"
    empty.touch()
    said = learner.run("dataset", "create", str(folder), "--name", "X", code=fails)
    assert "empty.txt” is empty" in said
    learner.run("dataset", "create", str(folder), code=ExitCode.USAGE)
    learner.run("dataset", "version", "1", code=ExitCode.USAGE)


def test_it_starts_without_django() -> None:
    code = (
        "import sys; sys.argv = ['lyceum', 'dataset', '--help']\n"
        "from lyceum.cli.main import commands\nimport lyceum.sdk\n"
        "sys.exit(any(m in sys.modules for m in ('django', 'pydantic', 'jupyterhub')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def offset_at(learner: Learner, name: str) -> int:
    """How many bytes of its big file the platform has of the unfinished dataset ``name``."""
    told = json.loads((learner.home / ".cache" / "lyceum" / "uploads.json").read_text())
    [entry] = [entry for target, entry in told.items() if target.endswith(f"create {name}")]
    with Client(learner.address, learner.token) as client:
        draft = client._transport.json("GET", f"/dataset-drafts/{entry['draft']}")
    return max((upload["offset"] for upload in draft["uploads"]), default=0)


def wait_for(true, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
