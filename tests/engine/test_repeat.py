"""A start under a name, killed anywhere and repeated: its program runs once."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from lyceum.engine import claim, procs, runfolder, starting
from lyceum.engine.base import EngineError, Usage
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import Limits, Mount, RunState, Workload
from tests.engine.conftest import shell, stop_all, until

pytestmark = pytest.mark.sandbox
NOTHING = Usage(0.0, 0, 0)
WORK = PurePosixPath("/home/aistudio")
# What a starter does to the world; it is killed before each of these in turn.
STEPS = ("open", "os.mkdir", "os.rename", "os.link", "os.truncate", "os.chmod", "subprocess.Popen")


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[LocalEngine]:
    """Without a sandbox: faster, and its steps are the same."""
    made = LocalEngine(tmp_path / "platform", sandbox="off")
    yield made
    stop_all(made)


def counting(folder: Path, *, then: str = "true") -> Workload:
    """A program that leaves a line for each time it was started."""
    folder.mkdir(exist_ok=True)
    mounts = (Mount(folder, WORK, True),)
    return shell(f"echo started >> starts; {then}", cwd=WORK, mounts=mounts)


def starts(folder: Path) -> int:
    path = folder / "starts"
    return len(path.read_text().splitlines()) if path.exists() else 0


def at_once(count: int, call: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def start_killed_at(engine: LocalEngine, workload: Workload, step: int) -> bool:
    """Start run ``r`` in a process that is killed at a step; whether it came that far."""
    pid = os.fork()
    if pid == 0:
        seen = 0

        def look(event: str, _: tuple) -> None:
            nonlocal seen
            if event in STEPS:
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(look)
        try:
            engine.start(workload, run_id="r")
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def test_a_starter_killed_at_any_step_leaves_nothing_lost_or_doubled(plain, tmp_path):
    step, killed = 0, True
    while killed:
        step += 1
        work = tmp_path / f"work{step}"
        workload = counting(work)
        killed = start_killed_at(plain, workload, step)
        assert plain.start(workload, run_id="r") == "r"
        status = plain.wait("r", timeout=10)
        assert status.state == RunState.SUCCEEDED, (step, status)
        assert starts(work) == 1, step
        plain.remove("r")
    assert step > 10  # or the steps are not seen


def test_a_starter_killed_once_its_shim_is_on_the_way(engine, tmp_path):
    """Its own death does not end the shim; a repeated start makes a second one."""
    for delay in (0.0, 0.01, 0.03, 0.06, 0.1):
        work = tmp_path / f"work{delay}"
        workload = counting(work, then="sleep 0.2")
        pid = os.fork()
        if pid == 0:
            try:
                engine.start(workload, run_id="r")
            finally:
                os._exit(0)
        until(lambda: (engine._runs / "r" / "shim.log").exists())
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        engine.start(workload, run_id="r")
        assert engine.wait("r", timeout=20).state == RunState.SUCCEEDED
        assert starts(work) == 1
        engine.remove("r")


def test_a_shim_killed_while_it_starts_is_lost_and_never_doubled(plain, tmp_path):
    for delay in (0.02, 0.03, 0.04, 0.06, 0.08):
        work = tmp_path / f"work{delay}"
        workload = counting(work)
        folder = plain._runs / "r"
        folder.mkdir(parents=True)
        starting.prepare(folder, workload, plain._means, repeatable=True)
        shim = subprocess.Popen(starting.python("shim", str(folder)), start_new_session=True)
        time.sleep(delay)
        for pid in [*procs.descendants(shim.pid), shim.pid]:
            os.kill(pid, signal.SIGKILL)
        shim.wait()
        holder = claim.holder(str(folder))
        until(lambda holder=holder: holder is None or not procs.is_alive(holder))
        plain.start(workload, run_id="r")
        status = plain.wait("r", timeout=10)
        expected = RunState.SUCCEEDED if holder is None else RunState.LOST
        assert status.state in (expected, RunState.SUCCEEDED), (delay, status)
        assert starts(work) <= 1
        assert starts(work) == 1 or status.state == RunState.LOST
        plain.remove("r")


def test_ten_starters_at_once_start_one_program(engine, tmp_path):
    workload = counting(tmp_path / "work", then="sleep 0.5")
    at_once(10, lambda: engine.start(workload, run_id="r"))
    assert engine.wait("r", timeout=20).state == RunState.SUCCEEDED
    assert starts(tmp_path / "work") == 1
    assert len(engine.runs()) == 1


def test_of_many_shims_one_runs_the_program(plain, tmp_path):
    """Starters of several machines, whom no lock keeps apart."""
    workload = counting(tmp_path / "work", then="sleep 0.3")
    folder = plain._runs / "r"
    folder.mkdir(parents=True)
    starting.prepare(folder, workload, plain._means, repeatable=True)
    at_once(8, lambda: starting.spawn(folder))
    assert plain.wait("r", timeout=20).state == RunState.SUCCEEDED
    assert starts(tmp_path / "work") == 1


def test_runs_of_one_name_on_two_platforms_know_nothing_of_each_other(tmp_path):
    engines = [LocalEngine(tmp_path / name) for name in ("one", "other")]
    try:
        for engine in engines:
            engine.start(shell("sleep 600", limits=Limits(memory_bytes=64 << 20)), run_id="r")
            until(lambda engine=engine: (engine.usage("r") or NOTHING).processes == 1)
        engines[0].stop("r", grace=0)
        assert engines[1].status("r").state == RunState.RUNNING
        assert engines[1].usage("r").processes == 1
    finally:
        for engine in engines:
            stop_all(engine)


def test_a_run_that_waits_for_its_starter_is_not_buried(plain, tmp_path):
    folder = plain._runs / "r"
    folder.mkdir(parents=True)
    starting.prepare(folder, counting(tmp_path / "work"), plain._means, repeatable=True)
    record = runfolder.read_json(str(folder), runfolder.STATE)
    runfolder.write_json(str(folder), runfolder.STATE, record | {"queued": time.time() - 3600})
    assert plain.status("r").state == RunState.QUEUED
    plain.start(counting(tmp_path / "work"), run_id="r")
    assert plain.wait("r", timeout=10).state == RunState.SUCCEEDED


def test_a_run_stopped_before_it_started_never_starts(plain, tmp_path):
    folder = plain._runs / "r"
    folder.mkdir(parents=True)
    workload = counting(tmp_path / "work")
    starting.prepare(folder, workload, plain._means, repeatable=True)
    assert plain.stop("r").state == RunState.STOPPED
    starting.spawn(folder)  # a late one
    assert plain.start(workload, run_id="r") == "r"
    assert plain.status("r").reason == "stopped"
    time.sleep(0.3)
    assert starts(tmp_path / "work") == 0


def test_a_stop_while_it_starts_is_obeyed(engine):
    for _ in range(5):
        run_id = engine.start(shell("sleep 600"))
        status = engine.stop(run_id, grace=5)
        assert (status.state, status.reason) == (RunState.STOPPED, "stopped")


def test_a_start_that_is_refused_may_be_repeated_in_better_times(plain, tmp_path):
    work = tmp_path / "work"
    workload = counting(work)
    work.rmdir()
    for _ in range(2):
        with pytest.raises(EngineError):
            plain.start(workload, run_id="r")
        assert not (plain._runs / "r").exists()
    work.mkdir()
    plain.start(workload, run_id="r")
    assert plain.wait("r", timeout=10).state == RunState.SUCCEEDED


def test_a_removal_killed_half_way_is_finished_by_the_next(plain, tmp_path, monkeypatch):
    for run_id in ("first", "second"):
        plain.start(shell("true"), run_id=run_id)
        plain.wait(run_id, timeout=10)
    pid = os.fork()
    if pid == 0:
        monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: os._exit(9))
        plain.remove("first")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    with pytest.raises(KeyError):
        plain.status("first")
    assert [run.run_id for run in plain.runs()] == ["second"]
    plain.remove("second")
    assert plain.runs() == []
    assert list((plain._runs / ".removed").iterdir()) == []


def test_a_served_address_is_of_the_shim_that_runs(engine):
    """The first starter's listening socket went with it."""
    workload = shell("python3 -m http.server 8000 --bind 127.0.0.1", listen=8000)
    start_killed_at(engine, workload, 10**6)
    engine.start(workload, run_id="r")
    assert engine.address("r") is not None
    engine.stop("r", grace=0)
    engine.remove("r")
    step = 0
    while start_killed_at(engine, workload, step := step + 5):
        engine.start(workload, run_id="r")
        address = engine.address("r")
        assert address is not None
        host, port = address.split(":")
        until(lambda host=host, port=int(port): _answers(host, port))
        engine.stop("r", grace=0)
        engine.remove("r")


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1) as asked:
            asked.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return asked.recv(10).startswith(b"HTTP")
    except OSError:
        return False
