from __future__ import annotations

import logging
import time
from pathlib import PurePosixPath

import pytest

from lyceum.engine.base import EngineError
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import Forward, Limits, Mount, RunState, Workload
from tests.engine.conftest import finish, running, shell, stop_all

HOME = PurePosixPath("/home/aistudio")


@pytest.fixture
def unconfined(tmp_path):
    made = LocalEngine(tmp_path / "platform", sandbox="off")
    yield made
    stop_all(made)


def test_it_runs_where_its_mounts_come_from_and_says_loudly_how(unconfined, tmp_path, caplog):
    home = tmp_path / "home"
    home.mkdir()
    workload = shell(
        "pwd; echo $HOME; echo $OTHER; ls -d /home/aistudio/; touch made; exit 5",
        name="notebook 7",
        cwd=HOME,
        env={"HOME": str(HOME), "OTHER": "/home/aistudio2"},
        mounts=(Mount(home, HOME, True),),
    )
    with caplog.at_level(logging.WARNING):
        status, log = finish(unconfined, workload)
    assert log.split() == [str(home), str(home), "/home/aistudio2", f"{home}/"]
    assert (home / "made").exists()
    assert (status.reason, status.exit_code) == ("exit", 5)
    assert "notebook 7 runs with NO ISOLATION" in caplog.text


@pytest.mark.parametrize(
    "script", ["{}; sleep 0.3; exit 0", "{}; sleep 1000", "trap '' TERM; {}; sleep 1000"]
)
def test_nothing_of_a_run_outlives_it(unconfined, tmp_path, script):
    escape = f"(setsid sh -c 'while :; do date >> {tmp_path}/beats; sleep 0.05; done' &)"
    run_id = running(unconfined, shell(script.format(escape)))
    time.sleep(0.5)
    unconfined.stop(run_id, grace=0.2)
    size = (tmp_path / "beats").stat().st_size
    time.sleep(0.3)
    assert (tmp_path / "beats").stat().st_size == size


def test_a_missing_program_did_not_start(unconfined):
    status, _ = finish(unconfined, Workload(argv=("/no/such/program",)))
    assert status.reason == "not_started"
    assert "/no/such/program" in status.detail


def test_limits_of_time_hold_and_signals_are_told(unconfined):
    status, _ = finish(unconfined, shell("sleep 60", limits=Limits(wall_seconds=1)))
    assert status.reason == "time_limit"
    status, _ = finish(unconfined, shell("kill -9 $$"))
    assert (status.reason, status.signal) == ("signal", 9)


def test_the_watchdog_looks_at_the_run_and_not_at_the_whole_machine(tmp_path):
    engine = LocalEngine(tmp_path / "platform", sandbox="off", limiter="watchdog")
    run_id = running(engine, shell("sleep 60", limits=Limits(memory_bytes=32 << 20, processes=5)))
    time.sleep(1)
    assert engine.status(run_id).state == RunState.RUNNING
    assert engine.usage(run_id).processes <= 2
    engine.stop(run_id, grace=0)


def test_its_port_is_the_hosts_own(unconfined):
    workload = shell("python3 -m http.server 8117 --bind 127.0.0.1", listen=8117)
    run_id = running(unconfined, workload)
    assert unconfined.address(run_id) == "127.0.0.1:8117"
    with pytest.raises(EngineError, match="without a sandbox"):
        unconfined.start(shell("true", forwards=(Forward(80, "127.0.0.1:8118"),)))
