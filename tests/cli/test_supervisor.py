"""The supervisor with small real programs as its parts."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from lyceum.cli import leftovers, state
from lyceum.cli.parts import Part
from lyceum.cli.problems import ExitCode, Problem
from lyceum.cli.supervisor import LONGEST_DELAY, Supervisor, restart_delay
from lyceum.config import Settings
from tests.support.platform import free_ports

SLEEPER = "import time; print('up', flush=True); time.sleep(1000)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1000)"


def web(port: int) -> Part:
    argv = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port))
    return Part("web", argv, "1", health_url=f"http://127.0.0.1:{port}/")


def sleeper(name: str, *, code: str = SLEEPER, **options: object) -> Part:
    return Part(name, (sys.executable, "-c", code), "1", **options)


def eventually(what: Callable[[], object], *, seconds: float = 15) -> object:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def part_state(home: Path, name: str) -> state.PartState | None:
    found = state.read(home)
    return next((part for part in found.parts if part.name == name), None) if found else None


def run_supervisor(home: Path, parts: tuple[Part, ...], during: Callable[[], None]) -> None:
    """Run a supervisor in this process and ``during`` in a thread once it is ready."""
    home.mkdir(exist_ok=True)

    async def scene() -> None:
        ready = asyncio.Event()
        supervisor = Supervisor(Settings(home=home), parts)
        running = asyncio.create_task(supervisor.run(ready.set))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        try:
            if not running.done():
                await asyncio.to_thread(during)
                os.kill(os.getpid(), signal.SIGTERM)
        finally:
            await running

    asyncio.run(scene())


def test_a_killed_part_is_started_again_and_the_others_stay(tmp_path: Path) -> None:
    def during() -> None:
        web_before, other_before = part_state(tmp_path, "web"), part_state(tmp_path, "other")
        os.kill(web_before.pid, signal.SIGKILL)

        def restarted() -> bool:
            now = part_state(tmp_path, "web")
            return now.restarts == 1 and now.phase == "ready" and now.pid != web_before.pid

        eventually(restarted)
        assert part_state(tmp_path, "web").last_exit == "signal SIGKILL"
        assert part_state(tmp_path, "other").pid == other_before.pid

    run_supervisor(tmp_path, (web(free_ports(1)), sleeper("other")), during)


def test_parts_stop_in_reverse_order_and_a_deaf_one_is_killed(tmp_path: Path) -> None:
    order = tmp_path / "order"
    note = (
        "import signal, sys, time\n"
        f"def end(*_): open({str(order)!r}, 'a').write('NAME '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); time.sleep(1000)"
    )
    parts = (
        sleeper("first", code=note.replace("NAME", "first")),
        sleeper("deaf", code=DEAF, grace=0.3),
        sleeper("last", code=note.replace("NAME", "last")),
    )
    pids: list[int] = []

    def during() -> None:
        time.sleep(0.5)
        pids.extend(part.pid for part in state.read(tmp_path).parts)

    run_supervisor(tmp_path, parts, during)
    assert order.read_text() == "last first "
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert state.read(tmp_path) is None


def test_a_part_waits_for_what_it_needs(tmp_path: Path) -> None:
    port = free_ports(1)
    slow = (
        "import runpy, sys, time; time.sleep(1); "
        f"sys.argv[1:] = ['--bind', '127.0.0.1', '{port}']; "
        "runpy.run_module('http.server', run_name='__main__')"
    )
    first = Part(
        "first",
        (sys.executable, "-c", slow),
        "1",
        health_url=f"http://127.0.0.1:{port}/",
    )

    def during() -> None:
        waited = part_state(tmp_path, "second").started - part_state(tmp_path, "first").started
        assert waited > 0.9

    run_supervisor(tmp_path, (first, sleeper("second", after=("first",))), during)


def test_a_part_that_never_gets_ready_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lyceum.cli.supervisor.READY_SECONDS", 2.0)
    broken = Part(
        "broken",
        (sys.executable, "-c", "raise SystemExit('no such thing')"),
        "1",
        health_url=f"http://127.0.0.1:{free_ports(1)}/",
    )
    with pytest.raises(Problem) as caught:
        run_supervisor(tmp_path, (broken,), lambda: None)
    assert caught.value.code == ExitCode.PART_NOT_READY
    assert "no such thing" in caught.value.sentence


def test_the_pause_grows_to_a_bound() -> None:
    delays = [restart_delay(failures) for failures in range(1, 12)]
    assert delays[:4] == [0.5, 1.0, 2.0, 4.0]
    assert delays == sorted(delays)
    assert max(delays) == LONGEST_DELAY


def test_a_part_dies_with_its_supervisor(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from lyceum.cli.parts import Part\n"
        "from lyceum.cli.supervisor import Supervisor\n"
        "from lyceum.config import Settings\n"
        f"part = Part('sleeper', (sys.executable, '-c', {SLEEPER!r}), '1')\n"
        f"deaf = Part('deaf', (sys.executable, '-c', {DEAF!r}), '1')\n"
        f"home = Path({str(tmp_path)!r})\n"
        "asyncio.run(Supervisor(Settings(home=home), (part, deaf)).run(lambda: None))\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program])
    eventually(lambda: (part_state(tmp_path, "deaf") or part_state).__dict__.get("pid"))
    time.sleep(0.5)
    pids = {part.name: part.pid for part in state.read(tmp_path).parts}
    supervisor.kill()
    supervisor.wait()
    eventually(lambda: state.born(pids["sleeper"]) is None)
    assert state.born(pids["deaf"]) is not None

    assert leftovers.end_leftovers(tmp_path) == ["deaf"]
    assert state.born(pids["deaf"]) is None


def test_a_reused_process_id_is_not_a_leftover(tmp_path: Path) -> None:
    mine = state.PartState(
        name="x", version="1", log=tmp_path, health_url=None, pid=os.getpid(), born=1.0
    )
    state.write(tmp_path, state.SupervisorState(pid=1, born=1.0, url="", parts=[mine]))
    assert leftovers.end_leftovers(tmp_path) == []
