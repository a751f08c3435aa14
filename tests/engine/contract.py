"""What every engine does with gangs: a test module takes it with

    class TestThisEngine(contract.Gangs): ...

and an ``engine`` fixture, whose runs it stops afterwards.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from lyceum.engine import gangs
from lyceum.engine.base import Engine, EngineError, Status
from lyceum.engine.workload import Limits, Member, Mount, RunState, Workload

PYTHON = "/usr/bin/python3"
WORKSPACE = PurePosixPath("/root/paddlejob/workspace")
SECONDS = 60.0
MB = 1 << 20


def member(script: str, role: str = "trainer", index: int = 0, **env: str) -> Member:
    """One that runs a line of shell."""
    return Member(role, index, ("/bin/sh", "-c", script), env)


def gang(*members: Member, **fields) -> Workload:
    fields["mounts"] = (gangs.launcher_mount(), *fields.get("mounts", ()))
    return Workload(argv=gangs.launcher_argv(PYTHON), members=members, **fields)


def fresh_id() -> str:
    return f"task-{uuid.uuid4().hex[:12]}-1"


def log_of(engine: Engine, run_id: str) -> str:
    """What all nodes wrote."""
    files = [path for _, paths in engine.logs(run_id) for path in paths]
    return "".join(path.read_text(errors="replace") for path in files if path.exists())


def await_log(engine: Engine, run_id: str, text: str, *, timeout: float = SECONDS) -> None:
    until(lambda: text in log_of(engine, run_id), f"{text!r} in the log", timeout)


def await_end(engine: Engine, run_id: str, *, timeout: float = SECONDS) -> Status:
    until(lambda: not engine.status(run_id).alive, "its end", timeout)
    return engine.status(run_id)


def until(condition: Callable[[], object], what: str, timeout: float) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"{what} did not come in {timeout} s"
        time.sleep(0.05)


def finish(engine: Engine, workload: Workload) -> tuple[Status, str]:
    run_id = engine.start(workload, run_id=fresh_id())
    return await_end(engine, run_id), log_of(engine, run_id)


def workspace(folder: Path) -> Mount:
    folder.mkdir(exist_ok=True)
    return Mount(folder, WORKSPACE, writable=True)


class Gangs:
    """One test for each thing promised."""

    def test_members_run_with_their_own_words_and_one_log(self, engine: Engine):
        members = (
            member("echo I am $ME; echo sorry >&2", index=0, ME="first"),
            member("echo I am $ME", index=1, ME="第二"),
        )
        status, log = finish(engine, gang(*members, env={"ME": "nobody"}, labels={"task": "1"}))
        assert (status.state, status.reason, status.exit_code) == ("succeeded", "exit", 0)
        assert status.labels == {"task": "1"}
        expected = ["[trainer-0] I am first", "[trainer-0] sorry", "[trainer-1] I am 第二"]
        assert sorted(log.splitlines()) == expected

    def test_members_find_each_other_where_the_engine_put_them(self, engine: Engine):
        serve = (
            f"exec {PYTHON} -c 'import os, socket\n"
            'server = socket.create_server(("", int(os.environ["PORT"])))\n'
            'while True: server.accept()[0].sendall(b"served")\''
        )
        ask = (
            f"exec {PYTHON} -c 'import os, socket, time\n"
            "for _ in range(100):\n"
            "    try:\n"
            '        place = (os.environ["HOST"], int(os.environ["PORT"]))\n'
            "        print(socket.create_connection(place).recv(9).decode())\n"
            "        break\n"
            "    except OSError: time.sleep(0.1)'"
        )
        members = (
            member(ask, HOST="{host:pserver-0}", PORT="{port:pserver-0}", index=0),
            member(ask, HOST="{host:pserver-0}", PORT="{port:pserver-0}", index=1),
            member(serve, "pserver", PORT="{port:pserver-0}", OTHER="{port2:pserver-0}"),
        )
        status, log = finish(engine, gang(*members))
        assert "[trainer-0] served" in log
        assert "[trainer-1] served" in log
        # The parameter server would have gone on for ever.
        assert status.state == RunState.SUCCEEDED, status

    def test_one_that_fails_ends_them_all(self, engine: Engine):
        members = (
            member("sleep 600", index=0),
            member("sleep 0.5; exit 3", index=1),
            member("sleep 600", "pserver"),
        )
        began = time.monotonic()
        status, log = finish(engine, gang(*members))
        assert (status.state, status.reason, status.exit_code) == ("failed", "exit", 3)
        assert "[lyceum] trainer-1 ended with exit code 3" in log
        assert time.monotonic() - began < SECONDS

    def test_a_member_ended_by_a_signal_says_which(self, engine: Engine):
        status, log = finish(engine, gang(member("kill -SEGV $$")))
        assert (status.state, status.reason, status.signal) == ("failed", "signal", 11)
        assert "[lyceum] trainer-0 was ended by signal 11 (SIGSEGV)" in log

    def test_a_stop_reaches_every_member(self, engine: Engine, tmp_path: Path):
        script = "trap 'echo saved; exit 0' TERM; echo up; sleep 600 & wait"
        members = tuple(member(script, index=index) for index in range(2))
        run_id = engine.start(gang(*members), run_id=fresh_id())
        for index in range(2):
            await_log(engine, run_id, f"[trainer-{index}] up")
        status = engine.stop(run_id, grace=10)
        assert (status.state, status.reason) == ("stopped", "stopped")
        log = log_of(engine, run_id)
        assert "[trainer-0] saved" in log
        assert "[trainer-1] saved" in log

    def test_what_ignores_a_stop_is_killed_with_all_it_started(self, engine: Engine, tmp_path):
        beat = f"while :; do date >> {WORKSPACE}/beats; sleep 0.05; done"
        script = f"trap '' TERM; (setsid sh -c '{beat}' &); echo up; while :; do sleep 0.1; done"
        mount = workspace(tmp_path / "workspace")
        run_id = engine.start(gang(member(script), mounts=(mount,)), run_id=fresh_id())
        await_log(engine, run_id, "up")
        status = engine.stop(run_id, grace=0.5)
        assert status.state == RunState.STOPPED
        size = (mount.source / "beats").stat().st_size
        time.sleep(0.3)
        assert (mount.source / "beats").stat().st_size == size

    def test_work_goes_on_in_the_folder_that_was_mounted(self, engine: Engine, tmp_path: Path):
        mount = workspace(tmp_path / "workspace")
        output = tmp_path / "output"
        output.mkdir()
        mounts = (mount, Mount(output, WORKSPACE / "output", writable=True))
        script = "echo done > output/model; pwd"
        workload = gang(member(script), mounts=mounts, cwd=WORKSPACE)
        status, _ = finish(engine, workload)
        assert status.state == RunState.SUCCEEDED
        assert (output / "model").read_text() == "done\n"

    def test_the_time_limit_ends_it(self, engine: Engine):
        workload = gang(member("sleep 600"), limits=Limits(wall_seconds=1))
        status, _ = finish(engine, workload)
        assert (status.state, status.reason) == ("failed", "time_limit")

    def test_a_start_repeated_runs_it_once(self, engine: Engine, tmp_path: Path):
        mount = workspace(tmp_path / "workspace")
        script = f"echo started >> {WORKSPACE}/starts; sleep 1"
        workload = gang(member(script), mounts=(mount,))
        run_id = fresh_id()
        assert [engine.start(workload, run_id=run_id) for _ in range(3)] == [run_id] * 3
        assert await_end(engine, run_id).state == RunState.SUCCEEDED
        assert engine.start(workload, run_id=run_id) == run_id
        assert engine.status(run_id).state == RunState.SUCCEEDED
        assert (mount.source / "starts").read_text() == "started\n"

    def test_use_is_measured_while_it_runs(self, engine: Engine):
        burn = f"exec {PYTHON} -c 'held = bytearray(b\"x\") * (64 << 20)\nwhile True: pass'"
        run_id = engine.start(gang(member(burn), member("sleep 600", index=1)), run_id=fresh_id())

        def used() -> bool:
            usage = engine.usage(run_id)
            return usage is not None and usage.memory_bytes > 60 * MB and usage.cpu_seconds > 0.2

        until(used, "its use", SECONDS)
        assert engine.usage(run_id).processes >= 1
        engine.stop(run_id, grace=0)
        assert engine.usage(run_id) is None

    def test_capacity_is_of_real_machines(self, engine: Engine):
        capacity = engine.capacity()
        assert capacity.cpus >= 1
        assert capacity.memory_bytes > 256 * MB
        assert capacity.nodes >= 1

    def test_an_ended_run_is_removed_and_then_unknown(self, engine: Engine):
        run_id = engine.start(gang(member("sleep 600")), run_id=fresh_id())
        with pytest.raises(EngineError):
            engine.remove(run_id)
        engine.stop(run_id, grace=0)
        assert run_id in {status.run_id for status in engine.runs()}
        engine.remove(run_id)
        for ask in (engine.status, engine.logs, engine.remove):
            with pytest.raises(KeyError):
                ask(run_id)

    def test_a_variable_that_names_nobody_is_refused(self, engine: Engine):
        run_id = fresh_id()
        with pytest.raises(EngineError, match="pserver-0"):
            engine.start(gang(member("true", HOST="{host:pserver-0}")), run_id=run_id)
        with pytest.raises(KeyError):
            engine.status(run_id)

    def test_a_name_that_leads_elsewhere_is_refused(self, engine: Engine):
        for run_id in ("", "..", "../x", "a/b", "x\n", ".hidden"):
            with pytest.raises(EngineError):
                engine.start(gang(member("true")), run_id=run_id)
