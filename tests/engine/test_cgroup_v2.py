"""Version 2 where its controllers can't be had: the group itself, on the real file system,
and the values written, in a folder laid out as the kernel lays out a delegated group."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from lyceum.engine.limits import cgroup_v2
from lyceum.engine.limits.cgroup_v2 import CgroupV2

NO_LIMITS = {"memory_bytes": None, "processes": None, "cpus": None}


def real_mount() -> str | None:
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2" and os.access(f"{place}/cgroup.procs", os.W_OK):
            return place
    return None


@pytest.fixture(autouse=True)
def fresh_parent():
    cgroup_v2._parent.cache_clear()
    yield
    cgroup_v2._parent.cache_clear()


@pytest.mark.sandbox
@pytest.mark.skipif(real_mount() is None, reason="no writable cgroup2 mount")
def test_a_group_holds_its_processes_counts_them_and_kills_them(monkeypatch):
    monkeypatch.setattr(cgroup_v2, "ROOT", real_mount())
    monkeypatch.setattr(cgroup_v2, "NEEDED", ())
    monkeypatch.setattr(cgroup_v2, "PARENT", "lyceum-test")
    limiter = CgroupV2(f"run-{os.getpid()}")
    limiter.prepare(NO_LIMITS)
    busy = "while :; do :; done & sleep 1000 & wait"
    process = subprocess.Popen(
        ["/bin/sh", "-c", busy], preexec_fn=lambda: limiter.enter(own_user=False)
    )
    time.sleep(0.5)
    cpu, _, processes = limiter.usage(None)
    assert processes == 3 - 2  # bubblewrap's two are not counted, and here there are none
    assert cpu > 0.05
    limiter.close()
    assert process.wait(timeout=5) == -9
    assert not Path(limiter._folder()).exists()
    Path(limiter._folder()).parent.rmdir()


@pytest.fixture
def delegated(tmp_path, monkeypatch) -> Path:
    """A folder with the files of a group whose controllers are passed down already."""
    for group in (tmp_path, tmp_path / "lyceum"):
        group.mkdir(exist_ok=True)
        (group / "cgroup.controllers").write_text("cpu memory pids\n")
        (group / "cgroup.subtree_control").write_text("cpu memory pids\n")
        (group / "cgroup.procs").touch()
    monkeypatch.setattr(cgroup_v2, "ROOT", str(tmp_path))
    monkeypatch.setattr(cgroup_v2, "_own_group", lambda: str(tmp_path))
    return tmp_path / "lyceum"


def test_limits_are_written_as_the_kernel_reads_them(delegated):
    assert CgroupV2.available()
    (delegated / "r1").mkdir()
    (delegated / "r1/cpu.max").write_text("max 100000\n")
    CgroupV2("r1").prepare({"memory_bytes": 1 << 30, "processes": 100, "cpus": 1.5})
    assert (delegated / "r1/memory.max").read_text() == str(1 << 30)
    assert (delegated / "r1/memory.swap.max").read_text() == "0"
    assert (delegated / "r1/pids.max").read_text() == "102"
    assert (delegated / "r1/cpu.max").read_text() == "150000 100000"


def test_what_the_kernel_says_is_read(delegated):
    (delegated / "r1").mkdir()
    (delegated / "r1/memory.events").write_text("low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\n")
    (delegated / "r1/memory.current").write_text("5000\n")
    (delegated / "r1/memory.stat").write_text("anon 3000\ninactive_file 1500\n")
    (delegated / "r1/cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    (delegated / "r1/cgroup.procs").write_text("1\n2\n3\n4\n")
    (delegated / "r1/pids.events").write_text("max 7\n")
    limiter = CgroupV2("r1")
    assert limiter.refused_processes() == 7
    assert limiter.out_of_memory_kills() == 2
    assert limiter.usage(None) == (2.5, 3500, 2)


def test_a_group_without_the_controllers_is_not_available(delegated):
    (delegated / "cgroup.subtree_control").write_text("cpu\n")
    (delegated / "cgroup.controllers").write_text("cpu\n")
    assert not CgroupV2.available()
