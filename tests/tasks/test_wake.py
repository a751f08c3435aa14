"""The pipe by which a submission wakes the dispatcher."""

from __future__ import annotations

import fcntl
import os
import threading
import time

import pytest

from lyceum.tasks import wake


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path))


def waited(alarm: wake.Alarm, seconds: float) -> float:
    start = time.monotonic()
    alarm.wait(seconds)
    return time.monotonic() - start


def test_a_wait_ends_when_somebody_wakes_and_only_once():
    wake.dispatcher()  # nobody is there: nothing happens
    alarm = wake.Alarm()
    for _ in range(3):
        wake.dispatcher()
    assert waited(alarm, 20) < 10
    assert waited(alarm, 0.05) >= 0.05
    threading.Timer(0.05, wake.dispatcher).start()
    assert waited(alarm, 20) < 10


def test_the_next_dispatcher_takes_the_same_pipe():
    wake.Alarm()
    second = wake.Alarm()
    wake.dispatcher()
    assert waited(second, 20) < 10


def test_a_pipe_full_of_calls_holds_nobody_up():
    alarm = wake.Alarm()
    fcntl.fcntl(alarm._pipes[0], fcntl.F_SETPIPE_SZ, 4096)
    for _ in range(5000):
        wake.dispatcher()
    assert waited(alarm, 20) < 10


def test_without_pipes_the_dispatcher_waits_its_time(monkeypatch):
    def refuse(*_args):
        raise PermissionError("not here")

    monkeypatch.setattr(os, "mkfifo", refuse)
    alarm = wake.Alarm()
    wake.dispatcher()
    assert waited(alarm, 0.05) >= 0.05
