from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from lyceum.engine.base import EngineError
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import Limits, RunState, Workload
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
