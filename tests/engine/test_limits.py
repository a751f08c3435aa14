"""Hogs of each kind, from inside, under each way of limiting that this machine has."""

from __future__ import annotations

import time
from pathlib import Path, PurePosixPath

import pytest

from lyceum.engine import limits
from lyceum.engine.limits import cgroup_v1, cgroup_v2
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import Limits, Mount, RunState, Workload
from tests.engine.conftest import finish, running, shell, stop_all, until

pytestmark = pytest.mark.sandbox
MB = 1 << 20
HOME = PurePosixPath("/home/aistudio")

HOG = """
import time
held = []
while True:
    held.append(bytearray(b"x") * (4 << 20))
    time.sleep(0.002)
"""
BOMB = """
import os, sys
while True:
    try:
        os.fork()
    except OSError as error:
        print("refused", flush=True)
        break
"""


@pytest.fixture(params=[kind.name for kind in limits.KINDS])
def limited(request, tmp_path):
    kind = limits.by_name(request.param)
    if not kind.available():
        pytest.skip(f"{request.param} can't be had on this machine")
    made = LocalEngine(tmp_path / "platform", limiter=request.param)
    yield made
    stop_all(made)


def python(code: str, **fields) -> Workload:
    return Workload(argv=("/usr/bin/python3", "-c", code), **fields)


def host_processes() -> int:
    return sum(name.name.isdigit() for name in Path("/proc").iterdir())


def test_a_memory_hog_ends_for_want_of_memory_and_hurts_nobody(limited):
    bystander = running(limited, shell("sleep 1000", limits=Limits(memory_bytes=64 * MB)))
    status, _ = finish(limited, python(HOG, limits=Limits(memory_bytes=128 * MB)))
    assert (status.state, status.reason) == (RunState.FAILED, "out_of_memory")
    assert "memory" in status.detail
    assert limited.status(bystander).alive


def test_a_killed_child_is_counted_while_the_run_goes_on(limited):
    """A notebook's kernel dies of memory; its server, and so the run, lives."""
    script = f"/usr/bin/python3 -c '{HOG}'; echo survived; sleep 60"
    run_id = running(limited, shell(script, limits=Limits(memory_bytes=128 * MB)))
    until(lambda: "survived" in limited.log_path(run_id).read_text(), timeout=30)
    until(lambda: "memory" in limited.status(run_id).detail)
    assert limited.status(run_id).state == RunState.RUNNING


def test_a_fork_bomb_stays_in_its_run(limited):
    before = host_processes()
    bystander = running(limited, shell("sleep 1000"))
    run_id = running(limited, python(BOMB, limits=Limits(processes=40, wall_seconds=20)))
    most = 0
    end = time.monotonic() + 4
    while time.monotonic() < end and limited.status(run_id).alive:
        most = max(most, host_processes() - before)
        time.sleep(0.05)
    assert limited.status(bystander).alive
    limited.stop(run_id, grace=0)
    assert most < 400  # others of this machine come and go too
    until(lambda: host_processes() - before < 60)


def test_the_processor_is_shared_out(limited):
    burn = "import time\nend = time.time() + 3\nwhile time.time() < end: pass"
    both = f"/usr/bin/python3 -c '{burn}' & /usr/bin/python3 -c '{burn}' & wait"
    run_id = limited.start(shell(both, limits=Limits(cpus=1)))
    time.sleep(2.5)
    assert limited.usage(run_id).cpu_seconds < 3.2
    limited.stop(run_id, grace=0)


def test_a_disk_filler_is_ended_soon_after_its_limit(limited, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    workload = shell(
        "while :; do head -c 10000000 /dev/zero >> big || exit 9; sleep 0.02; done",
        cwd=HOME,
        mounts=(Mount(home, HOME, True),),
        limits=Limits(disk_bytes=80 * MB),
    )
    status, _ = finish(limited, workload, timeout=60)
    assert (status.state, status.reason) == (RunState.FAILED, "disk_limit")
    assert 80 * MB < (home / "big").stat().st_size < 1500 * MB


HIDE = """
import os, time
files = []
while True:
    files.append(open("gone", "wb"))
    os.unlink("gone")
    files[-1].write(b"x" * 10_000_000)
    files[-1].flush()
    time.sleep(0.03)
"""


def test_deleting_files_that_stay_open_hides_nothing(engine, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    fields = {"mounts": (Mount(home, HOME, True),), "limits": Limits(disk_bytes=80 * MB)}
    status, _ = finish(engine, python(HIDE, cwd=HOME, **fields), timeout=60)
    assert status.reason == "disk_limit"
    assert list(home.iterdir()) == []


def test_scratch_space_is_bounded_by_memory(limited):
    script = """
    head -c 100000000 /dev/zero > /tmp/big || echo TMP
    rm /tmp/big
    head -c 100000000 /dev/zero > /dev/shm/big || echo SHM
    """
    _, log = finish(limited, shell(script, limits=Limits(memory_bytes=128 * MB)))
    assert "TMP" in log
    assert "SHM" in log


def test_groups_are_given_back(limited):
    finish(limited, shell("sleep 1000 & exit 0", limits=Limits(memory_bytes=64 * MB)))
    run_id = limited.start(shell("sleep 1000"))
    limited.stop(run_id, grace=0)
    left = [
        path
        for root in (cgroup_v1.ROOT, cgroup_v2.ROOT)
        for path in Path(root).glob(f"**/{cgroup_v1.PARENT}/{run_id}")
    ]
    assert left == []


def test_one_kind_is_always_in_force():
    assert limits.limits_in_force() in limits.KINDS
    assert limits.KINDS[-1].available()
    with pytest.raises(KeyError):
        limits.by_name("hope")
