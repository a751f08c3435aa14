"""The dispatcher as a process: killed at any moment, started twice."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

AT_WORK = re.compile("the dispatcher is at work")


@pytest.fixture
def dispatcher(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts dispatchers on one home; all are ended afterwards."""
    env = {**os.environ, "LYCEUM_HOME": str(tmp_path)}
    env.pop("DATABASE_URL", None)
    manage = Path(__file__).parents[2] / "manage.py"
    subprocess.run([sys.executable, str(manage), "migrate", "-v0"], env=env, check=True)
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        log = (tmp_path / f"dispatcher-{len(started)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "lyceum.dispatcher"], env=env, stdout=log, stderr=log, text=True
        )
        process.log = Path(log.name)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def is_at_work(process: subprocess.Popen[str], *, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if AT_WORK.search(process.log.read_text()):
            return True
        time.sleep(0.1)
    return False


def test_one_works_at_a_time_and_the_next_takes_over(dispatcher):
    first = dispatcher()
    assert is_at_work(first, within=60)
    second = dispatcher()
    assert not is_at_work(second, within=8)

    first.kill()

    assert is_at_work(second, within=60)


def test_it_ends_when_asked(dispatcher):
    process = dispatcher()
    assert is_at_work(process, within=60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


def test_a_signal_in_the_middle_of_a_wait_stops_it():
    """Then this very thread has the event's lock: to wait for it there would be for ever."""
    code = """
import os, signal, threading
from lyceum.dispatcher.main import stop_on_signals
stopping = threading.Event()
stop_on_signals(stopping)
with stopping._cond:
    os.kill(os.getpid(), signal.SIGTERM)
print(stopping.wait(10))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "True\n"
