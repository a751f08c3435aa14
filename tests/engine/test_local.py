from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import PurePosixPath

import pytest

from lyceum.engine import codec, procs, runfolder, sandbox
from lyceum.engine.base import EngineError, SandboxUnavailable
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import Limits, Mount, RunState, Workload
from tests.engine.conftest import finish, running, shell, until

pytestmark = pytest.mark.sandbox


def record(engine: LocalEngine, run_id: str) -> dict:
    return runfolder.read_json(str(engine.log_path(run_id).parent), runfolder.STATE)


def test_output_and_exit_codes_are_kept(engine):
    status, log = finish(engine, shell("echo out; echo err >&2", labels={"kind": "test"}))
    assert (status.state, status.reason, status.exit_code) == (RunState.SUCCEEDED, "exit", 0)
    assert status.labels == {"kind": "test"}
    assert status.started <= status.ended
    assert sorted(log.split()) == ["err", "out"]
    status, _ = finish(engine, shell("exit 7"))
    assert (status.state, status.reason, status.exit_code) == (RunState.FAILED, "exit", 7)


def test_a_signal_is_told_from_an_exit_code(engine):
    status, _ = finish(engine, shell("kill -SEGV $$"))
    assert (status.state, status.reason) == (RunState.FAILED, "signal")
    assert (status.signal, status.exit_code) == (signal.SIGSEGV, None)
    assert "SIGSEGV" in status.detail


def test_a_program_that_is_not_there_is_said_to_be_missing(engine):
    status, log = finish(engine, Workload(argv=("/no/such/program",)))
    assert status.state == RunState.FAILED
    assert "/no/such/program" in status.detail + log


def test_a_working_folder_that_is_not_there_is_why_it_did_not_start(engine):
    status, _ = finish(engine, shell("true", cwd=PurePosixPath("/nowhere")))
    assert status.reason == "not_started"
    assert "/nowhere" in status.detail


def test_what_cannot_run_is_refused_before_it_leaves_a_trace(engine, tmp_path):
    missing = Mount(tmp_path / "missing", PurePosixPath("/data"))
    for workload in (Workload(argv=()), shell("true", mounts=(missing,))):
        with pytest.raises(EngineError):
            engine.start(workload)
    assert engine.runs() == []


def test_stop_gives_the_program_time_to_put_its_work_away(engine):
    run_id = running(engine, shell("trap 'echo saved; exit 0' TERM; echo up; sleep 60 & wait"))
    until(lambda: "up" in engine.log_path(run_id).read_text())
    status = engine.stop(run_id, grace=10)
    assert (status.state, status.reason) == (RunState.STOPPED, "stopped")
    assert "saved" in engine.log_path(run_id).read_text()


def test_stop_kills_what_does_not_listen(engine):
    run_id = running(engine, shell("trap '' TERM; echo up; while :; do sleep 0.1; done"))
    until(lambda: "up" in engine.log_path(run_id).read_text())
    began = time.monotonic()
    status = engine.stop(run_id, grace=0.5)
    assert status.state == RunState.STOPPED
    assert time.monotonic() - began > 0.4
    assert engine.stop(run_id) == status


def test_the_time_limit_ends_a_run(engine):
    status, _ = finish(engine, shell("sleep 60", limits=Limits(wall_seconds=1)))
    assert (status.state, status.reason) == (RunState.FAILED, "time_limit")


STARTER = """
import os, signal, sys
from pathlib import Path
from lyceum.engine import codec
from lyceum.engine.local import LocalEngine
print(LocalEngine(Path(sys.argv[1])).start(codec.from_json(sys.argv[2])), flush=True)
os.kill(0, signal.SIGKILL)
"""


def test_a_run_outlives_the_sigkill_of_its_starter_and_all_its_group(engine):
    workload = codec.to_json(shell("for i in 1 2 3 4 5; do echo tick $i; sleep 0.2; done; exit 4"))
    root = str(engine._runs.parent)
    starter = subprocess.run(
        [sys.executable, "-c", STARTER, root, workload],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        check=False,
    )
    assert starter.returncode == -signal.SIGKILL
    run_id = starter.stdout.strip()
    assert engine.status(run_id).alive
    assert engine.wait(run_id, timeout=10).exit_code == 4
    assert engine.log_path(run_id).read_text().count("tick") == 5


def test_a_run_whose_shim_is_killed_is_lost_and_its_processes_are_gone(engine):
    run_id = running(engine, shell("sleep 1000 & sleep 1000"))
    kept = record(engine, run_id)
    until(lambda: procs.children(kept["init_pid"]))
    program = procs.children(kept["init_pid"])[0]
    os.kill(kept["shim"]["pid"], signal.SIGKILL)
    until(lambda: procs.start_ticks(program) is None)
    until(lambda: not engine.status(run_id).alive)
    status = engine.status(run_id)
    assert (status.state, status.reason) == (RunState.LOST, "lost")
    assert engine.address(run_id) is None
    assert engine.usage(run_id) is None


def test_a_run_whose_folder_is_deleted_ends(engine):
    run_id = running(engine, shell("sleep 1000"))
    shim = record(engine, run_id)["shim"]
    shutil.rmtree(engine.log_path(run_id).parent)
    until(lambda: not procs.is_alive(shim))


def test_another_process_with_the_shims_number_is_not_taken_for_it(engine):
    run_id = running(engine, shell("sleep 1000"))
    folder = str(engine.log_path(run_id).parent)
    kept = record(engine, run_id)
    os.kill(kept["shim"]["pid"], signal.SIGKILL)
    until(lambda: not procs.is_alive(kept["shim"]))
    kept["shim"]["pid"] = os.getpid()
    runfolder.write_json(folder, runfolder.STATE, kept)
    assert engine.status(run_id).state == RunState.LOST


def test_usage_is_of_this_run_alone(engine):
    run_id = running(engine, shell("x=$(head -c 60000000 /dev/zero | tr '\\0' a); sleep 60"))
    until(lambda: engine.usage(run_id).memory_bytes > 50_000_000)
    usage = engine.usage(run_id)
    assert 0 < usage.cpu_seconds < 20
    assert 1 <= usage.processes <= 4


def test_ten_starts_at_once_all_run_apart(engine):
    ids: list[str] = []
    workload = shell("id -u; hostname; sleep 0.5", hostname="each")
    threads = [
        threading.Thread(target=lambda: ids.append(engine.start(workload))) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 10
    assert {engine.wait(one, timeout=30).state for one in ids} == {RunState.SUCCEEDED}
    assert {engine.log_path(one).read_text() for one in ids} == {"1000\neach\n"}
    users = {record(engine, one)["host_uid"] for one in ids}
    assert len(users) == 10 or users == {None}


def test_runs_are_listed_newest_first_and_go_when_removed(engine):
    first = engine.start(shell("true"))
    second = engine.start(shell("sleep 60"))
    assert [status.run_id for status in engine.runs()] == [second, first]
    engine.wait(first, timeout=10)
    engine.remove(first)
    with pytest.raises(EngineError):
        engine.remove(second)
    assert [status.run_id for status in engine.runs()] == [second]


@pytest.mark.parametrize("name", ["nothing", "..", "../runs", "/etc", ""])
def test_an_unknown_run_is_a_key_error(engine, name):
    with pytest.raises(KeyError):
        engine.status(name)


def test_a_missing_program_is_named_with_its_fix(engine, monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        engine.start(shell("true"))


def test_run_folders_are_for_the_platform_only(engine):
    run_id = engine.start(shell("echo secret", env={"TOKEN": "t"}))
    folder = engine.log_path(run_id).parent
    assert folder.stat().st_mode & 0o077 == 0
    assert folder.parent.stat().st_mode & 0o077 == 0
