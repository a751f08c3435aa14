from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from lyceum.engine.base import EngineError
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import Limits, Mount, RunState, Workload
from tests.engine.conftest import running, shell, until

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs the platform to be root"),
]
HOME = "/home/aistudio"

SERVER = """
import os, subprocess, time
print("empty", os.listdir("/home/aistudio"), flush=True)
while not os.path.exists("/home/aistudio/main.py"):
    time.sleep(0.01)
print("seen", open("/home/aistudio/main.py").read(), flush=True)
open("/home/aistudio/by-server", "w").close()
subprocess.run("cat main.py; echo child > by-child", shell=True, cwd="/home/aistudio")
while not os.path.exists("/home/aistudio/data/data7/rows.csv"):
    time.sleep(0.01)
try:
    open("/home/aistudio/data/data7/new", "w")
except OSError as error:
    print("refused", error.strerror, flush=True)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "main.py").write_text("hello")
    return folder


def test_a_server_started_ahead_gets_its_project_and_datasets(either_engine, project, tmp_path):
    """What a warm pool does; also where the run is the platform's user on the host."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "rows.csv").touch()
    run_id = running(either_engine, Workload(argv=("/usr/bin/python3", "-c", SERVER)))
    until(lambda: "empty" in either_engine.log_path(run_id).read_text())
    either_engine.mount(run_id, project, HOME, writable=True)
    either_engine.mount(run_id, data, f"{HOME}/data/data7")
    status = either_engine.wait(run_id, timeout=20)
    log = either_engine.log_path(run_id).read_text()
    assert status.state == RunState.SUCCEEDED, log
    assert log == "empty []\nseen hello\nhellorefused Read-only file system\n"
    assert (project / "by-server").stat().st_uid == 0
    assert (project / "by-child").read_text() == "child\n"


def test_a_mount_may_follow_the_start_at_once(engine, project):
    """Before bubblewrap is through with its own mounts, ours would be lost."""
    script = f"until test -f {HOME}/main.py; do sleep 0.01; done"
    for _ in range(5):
        run_id = engine.start(shell(script))
        engine.mount(run_id, project, HOME)
        assert engine.wait(run_id, timeout=10).state == RunState.SUCCEEDED


def test_what_is_mounted_live_counts_against_the_disk_limit(engine, project):
    script = f"""until test -f {HOME}/main.py; do sleep 0.01; done; sleep 1
    while :; do head -c 10000000 /dev/zero >> {HOME}/big; sleep 0.02; done"""
    run_id = running(engine, shell(script, limits=Limits(disk_bytes=50 << 20)))
    engine.mount(run_id, project, HOME, writable=True)
    assert engine.wait(run_id, timeout=40).reason == "disk_limit"


def test_a_link_in_the_way_is_refused(engine, project, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / "data").symlink_to(outside)
    run_id = running(engine, shell("sleep 60"))
    engine.mount(run_id, project, HOME, writable=True)
    with pytest.raises(EngineError, match="is no folder"):
        engine.mount(run_id, outside, f"{HOME}/data/data7")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("target", ["relative", f"{HOME}/../x", "/nowhere"])
def test_a_target_that_cannot_be_is_refused_with_a_sentence(engine, project, target):
    run_id = running(engine, shell("sleep 60"))
    with pytest.raises(EngineError):
        engine.mount(run_id, project, target)


def test_an_ended_run_takes_no_mount(engine, project):
    run_id = engine.start(shell("true"))
    engine.wait(run_id, timeout=10)
    with pytest.raises(EngineError, match="no sandbox"):
        engine.mount(run_id, project, HOME)
    unconfined = LocalEngine(engine._runs.parent, sandbox="off")
    running(unconfined, shell("sleep 60"))
    with pytest.raises(EngineError, match="no sandbox"):
        unconfined.mount(unconfined.runs()[0].run_id, project, HOME)


def test_the_host_does_not_see_the_mount(engine, project):
    run_id = running(engine, shell("sleep 60"))
    engine.mount(run_id, project, str(PurePosixPath(HOME)))
    assert HOME not in Path("/proc/self/mountinfo").read_text()
    engine.stop(run_id, grace=0)
    until(lambda: (project / "main.py").read_text() == "hello")


HOLDER = """
import os, time
folder = "/home/aistudio/data/data7"
kept = open(f"{folder}/rows.csv")
os.chdir(folder)
print("ready", flush=True)
while os.path.exists(f"{folder}/rows.csv"):
    time.sleep(0.01)
print("gone", kept.read(), os.listdir("."), os.listdir(folder), flush=True)
while not os.path.exists(f"{folder}/new.csv"):
    time.sleep(0.01)
print("new", sorted(os.listdir(folder)), flush=True)
"""


@pytest.fixture
def versions(tmp_path: Path) -> list[Path]:
    """Two versions of a dataset."""
    folders = [tmp_path / "1", tmp_path / "2"]
    for folder, name in zip(folders, ("rows.csv", "new.csv"), strict=True):
        folder.mkdir()
        (folder / name).write_text("x")
    return folders


@pytest.mark.parametrize("at_start", [True, False], ids=["mounted at start", "mounted live"])
def test_a_folder_in_use_is_taken_away_and_another_comes(
    either_engine, project, versions, at_start
):
    """Open files stay readable: a training in progress ends its pass over the old data."""
    target = f"{HOME}/data/data7"
    home = Mount(project, PurePosixPath(HOME), writable=True)
    data = Mount(versions[0], PurePosixPath(target))
    script = f"until test -f {target}/rows.csv; do sleep 0.01; done; exec python3 $0"
    (project / "holder.py").write_text(HOLDER)
    run_id = either_engine.start(
        Workload(
            argv=("/bin/bash", "-c", script, f"{HOME}/holder.py"),
            mounts=(home, data) if at_start else (home,),
        )
    )
    if not at_start:
        either_engine.mount(run_id, data.source, target)
    until(lambda: "ready" in either_engine.log_path(run_id).read_text())
    assert either_engine.mounts(run_id) == [home, data]
    either_engine.unmount(run_id, target)
    until(lambda: "gone" in either_engine.log_path(run_id).read_text())
    assert either_engine.mounts(run_id) == [home]
    either_engine.mount(run_id, versions[1], target)
    assert either_engine.mounts(run_id) == [home, Mount(versions[1], PurePosixPath(target))]
    assert either_engine.wait(run_id, timeout=10).state == RunState.SUCCEEDED
    log = either_engine.log_path(run_id).read_text()
    assert log == "ready\ngone x ['rows.csv'] []\nnew ['new.csv']\n"
    assert (versions[0] / "rows.csv").read_text() == "x"


def test_mounts_on_each_other_go_together(engine, project, versions):
    """A new version may be mounted over the old one, with no moment without data between."""
    target = f"{HOME}/data/data7"
    script = f"""until test -f {target}/new.csv; do sleep 0.01; done
    while test -n "$(ls {target})"; do sleep 0.01; done"""
    run_id = running(engine, shell(script))
    engine.mount(run_id, project, HOME, writable=True)
    for version in versions:
        engine.mount(run_id, version, target)
    engine.unmount(run_id, target)
    assert engine.wait(run_id, timeout=10).state == RunState.SUCCEEDED
    assert engine.mounts(run_id) == [Mount(project, PurePosixPath(HOME), writable=True)]


@pytest.mark.parametrize("target", [HOME, f"{HOME}/data", "/proc/sys", "/usr"])
def test_only_a_run_s_own_mount_with_none_inside_is_taken_away(engine, project, versions, target):
    run_id = running(engine, shell("sleep 60"))
    engine.mount(run_id, project, HOME, writable=True)
    engine.mount(run_id, versions[0], f"{HOME}/data/data7")
    with pytest.raises(EngineError, match=r"nothing is mounted|other mounts"):
        engine.unmount(run_id, target)
    assert len(engine.mounts(run_id)) == 2


def test_user_code_cannot_turn_an_unmount_elsewhere(engine, project, versions):
    """It moved the folder and left a link to what the sandbox itself has mounted."""
    target = f"{HOME}/data/data7"
    script = f"""mv {HOME}/data {HOME}/moved && mkdir {HOME}/data && ln -s /proc/sys {target}
    echo moved; while test -e {HOME}/moved/data7/rows.csv; do sleep 0.01; done; echo gone"""
    run_id = engine.start(
        shell(
            script,
            mounts=(
                Mount(project, PurePosixPath(HOME), writable=True),
                Mount(versions[0], PurePosixPath(target)),
            ),
        )
    )
    until(lambda: "moved" in engine.log_path(run_id).read_text())
    init = engine.status(run_id).pid
    before = Path(f"/proc/{init}/mountinfo").read_text()
    with pytest.raises(EngineError, match="behind a link"):
        engine.unmount(run_id, target)
    assert Path(f"/proc/{init}/mountinfo").read_text() == before


def test_what_the_learner_moved_away_counts_as_gone(engine, project, versions):
    target = f"{HOME}/data/data7"
    run_id = engine.start(
        shell(
            f"mv {HOME}/data {HOME}/moved; echo moved; sleep 60",
            mounts=(
                Mount(project, PurePosixPath(HOME), writable=True),
                Mount(versions[0], PurePosixPath(target)),
            ),
        )
    )
    until(lambda: "moved" in engine.log_path(run_id).read_text())
    engine.unmount(run_id, target)
    engine.mount(run_id, versions[1], target)
    assert engine.mounts(run_id)[-1].source == versions[1]


def test_an_ended_or_open_run_gives_no_mount_up(engine, project):
    run_id = engine.start(shell("true", mounts=(Mount(project, PurePosixPath(HOME)),)))
    engine.wait(run_id, timeout=10)
    with pytest.raises(EngineError, match="no sandbox"):
        engine.unmount(run_id, HOME)
    with pytest.raises(KeyError):
        engine.mounts("nothing")
