"""Gangs that want more than they may have, and members that mean harm."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lyceum.engine import gangs, limits, procs, runfolder
from lyceum.engine.base import EngineError
from lyceum.engine.ending import Ending
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import Limits, Member
from tests.engine.conftest import stop_all, until
from tests.engine.contract import (
    MB,
    PYTHON,
    WORKSPACE,
    await_end,
    await_log,
    finish,
    fresh_id,
    gang,
    log_of,
    member,
    workspace,
)
from tests.engine.test_limits import HOG

pytestmark = pytest.mark.sandbox

BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
THREADS = """
import threading, time
for _ in range(100):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
"""


@pytest.fixture(params=["best", "watchdog"])
def limited(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalEngine]:
    """With the best way of limiting that this machine has, and with the last resort."""
    limiter = limits.limits_in_force().name if request.param == "best" else "watchdog"
    made = LocalEngine(tmp_path / "platform", limiter=limiter)
    yield made
    stop_all(made)


def python(code: str, index: int = 0) -> Member:
    return Member("trainer", index, (PYTHON, "-c", code))


def test_a_member_that_takes_too_much_memory_ends_the_gang(limited):
    members = python(HOG), member("sleep 600", index=1)
    status, log = finish(limited, gang(*members, limits=Limits(memory_bytes=64 * MB)))
    assert (status.state, status.reason) == ("failed", "out_of_memory")
    assert "[lyceum] trainer-0 was ended by signal 9 (SIGKILL)" in log


def test_a_fork_bomb_ends_and_says_why(limited):
    began = time.monotonic()
    workload = gang(python(BOMB), member("sleep 600", index=1), limits=Limits(processes=15))
    status, _ = finish(limited, workload)
    assert (status.state, status.reason) == ("failed", "process_limit")
    assert "processes" in status.detail
    assert time.monotonic() - began < 20


def test_a_thread_too_many_is_why_a_program_failed(engine):
    status, log = finish(engine, gang(python(THREADS), limits=Limits(processes=20)))
    assert (status.state, status.reason, status.exit_code) == ("failed", "process_limit", 1)
    assert "can't start new thread" in log


def test_output_past_the_disk_limit_ends_it_and_says_so(engine, tmp_path):
    mount = workspace(tmp_path / "workspace")
    fill = f"while :; do head -c 10000000 /dev/zero >> {WORKSPACE}/big || exit 9; sleep 0.02; done"
    most = Limits(disk_bytes=80 * MB)
    workload = gang(member(fill), member("sleep 600", index=1), mounts=(mount,), limits=most)
    status, _ = finish(engine, workload)
    assert (status.state, status.reason) == ("failed", "disk_limit")
    assert "80 MB" in status.detail
    assert (mount.source / "big").stat().st_size < 1500 * MB


def test_a_line_of_100_mb_fills_no_disk_and_breaks_no_line(engine):
    code = "import sys\nfor _ in range(100): sys.stdout.write('x' * (1 << 20))\nprint('end')"
    status, log = finish(engine, gang(python(code), limits=Limits(log_bytes=4 * MB)))
    assert status.state == "succeeded"
    assert len(log) <= 4 * MB + 1000
    lines = log.splitlines()
    assert max(map(len, lines)) <= 64 * 1024
    assert lines[-1].startswith("[trainer-0] x")
    assert lines[-1].endswith("end")


def test_a_mistake_in_the_program_is_in_its_log(engine, tmp_path):
    mount = workspace(tmp_path / "workspace")
    (mount.source / "main.py").write_text("print('before')\nif True\n    pass\n")
    main = Member("trainer", 0, (PYTHON, "main.py"))
    status, log = finish(engine, gang(main, mounts=(mount,), cwd=WORKSPACE))
    assert (status.state, status.reason, status.exit_code) == ("failed", "exit", 1)
    assert 'File "/root/paddlejob/workspace/main.py", line 2' in log
    assert "[trainer-0] SyntaxError" in log


def test_a_member_that_kills_the_launcher_ends_its_own_gang(engine):
    killer = member("sleep 1; kill -9 $PPID; sleep 600", index=1)
    run_id = engine.start(gang(member("sleep 600"), killer), run_id=fresh_id())
    until(lambda: engine.status(run_id).pid is not None)
    init = engine.status(run_id).pid
    status = await_end(engine, run_id)
    assert (status.state, status.reason, status.signal) == ("failed", "signal", 9)
    until(lambda: procs.members(init) == [])


def test_members_may_have_as_much_as_all_of_them(engine):
    hold = "import time\nheld = bytearray(b'x') * (40 << 20)\nprint('held')\ntime.sleep(600)"
    members = [python(hold, index) for index in range(3)]
    run_id = engine.start(gang(*members, limits=Limits(memory_bytes=64 * MB)), run_id=fresh_id())
    for index in range(3):
        await_log(engine, run_id, f"[trainer-{index}] held")
    usage = engine.usage(run_id)
    assert usage.memory_bytes > 110 * MB
    assert usage.processes == 3  # the launcher is ours
    assert engine.status(run_id).alive


def test_what_is_each_members_and_what_is_of_all():
    each = Limits(1.5, MB, processes=10, open_files=5, wall_seconds=7, disk_bytes=9, log_bytes=11)
    together = gangs.limits_together(each, 3)
    assert together.cpus == 4.5
    assert (together.open_files, together.wall_seconds) == (5, 7)
    assert (together.disk_bytes, together.log_bytes) == (9, 11)
    assert together.memory_bytes == 3 * MB + gangs.LAUNCHER_MEMORY
    assert together.processes == 30 + gangs.LAUNCHER_PROCESSES
    assert gangs.limits_together(Limits(), 3) == Limits()


def test_addresses_are_put_in_and_other_braces_left_alone():
    env = {"ALL": "{host:trainer-0}:{port:trainer-0},{port2:trainer-1}", "JSON": '{"a": "{b}"}'}
    members = Member("trainer", 0, ("x",), env), Member("trainer", 1, ("x",))
    done = gangs.resolved(members, gangs.loopback_addresses(members))
    assert done[0].env == {"ALL": "127.0.0.1:6170,6173", "JSON": '{"a": "{b}"}'}
    assert done[1] == members[1]
    free = gangs.free_addresses(members)
    ports = [port for address in free.values() for port in (address.port, address.port2)]
    assert len(set(ports)) == 4


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ((member("x"), member("y")), "same name"),
        ((Member("trainer", 0, ()),), "needs a program"),
        ((Member("../x", 0, ("x",)),), "can't be called"),
        ((Member("trainer", 0, ("x", "a\0b")),), "NUL"),
        ((member("x", NAME="a\0b"),), "NUL"),
    ],
)
def test_members_that_cannot_be_are_refused(engine, members, said):
    with pytest.raises(EngineError, match=said):
        engine.start(gang(*members), run_id="r")
    assert engine.runs() == []


def test_a_refusal_is_a_reason_only_of_what_failed():
    assert Ending().result(0, 0, 5)["reason"] == "exit"
    assert Ending().result(1, 0, 5)["reason"] == "process_limit"
    assert Ending().result(137, 1, 5)["reason"] == "out_of_memory"


def test_the_gangs_file_is_for_the_platform_and_says_no_more_than_it_must(engine):
    run_id = engine.start(gang(member("cat /run/lyceum/gang.json", TOKEN="t")), run_id=fresh_id())
    await_end(engine, run_id)
    folder = engine.log_path(run_id).parent
    assert os.stat(folder).st_mode & 0o077 == 0
    described = runfolder.read_json(str(folder), "gang.json")
    assert set(described["members"][0]) == {"name", "serves", "argv", "env"}
    assert "TOKEN" in log_of(engine, run_id)
