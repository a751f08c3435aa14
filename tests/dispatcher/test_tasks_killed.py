"""Real tasks in real sandboxes, through dispatchers that are killed again and again."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from django.db import connections

from lyceum import environments
from lyceum.accounts.models import User
from lyceum.dispatcher.tasks import keep_going
from lyceum.engine import local_engine
from lyceum.projects import workfolder
from lyceum.tasks import actions, folders, queries
from lyceum.tasks.models import Task
from tests.support.environments import SHARED
from tests.tasks.making import make_cluster

State, Reason = Task.State, Task.Reason

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sandbox, pytest.mark.slow]

PROGRAM = b"""\
import os, time
rank = os.environ["RANK"]
with open(f"output/starts-{rank}", "a") as file:
    file.write("started\\n")
print("rank", rank, "of", os.environ["PADDLE_TRAINERS"], flush=True)
time.sleep(1)
open("/root/paddlejob/workspace/output/done-" + rank, "w").write(open("data.txt").read())
"""
FOR_EVER = b"""\
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
print("here", flush=True)
time.sleep(1000)
"""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))
    monkeypatch.setenv("LYCEUM_LIMIT_TASK_MEMORY_MB", "256")
    monkeypatch.setenv("LYCEUM_LIMIT_TASK_STOP_GRACE_SECONDS", "1")
    environments.build("sklearn-py311")
    yield
    for run in local_engine().runs():
        local_engine().stop(run.run_id, grace=0.0)


@pytest.fixture
def dispatcher() -> Iterator[Callable[[], BaseProcess]]:
    """Starts the dispatcher's loop of tasks as a process; all are killed afterwards.

    Forked: it has no time to load anything before it is killed.
    """
    started: list[BaseProcess] = []

    def start() -> BaseProcess:
        connections.close_all()
        context = multiprocessing.get_context("fork")
        process = context.Process(target=keep_going, args=(threading.Event(),))
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.join()


@pytest.fixture
def lin(transactional_db: None) -> User:
    return User.objects.create_user("lin")


def until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, list(Task.objects.values())
        time.sleep(0.02)


def are_over(tasks: list[Task]) -> bool:
    for task in tasks:
        task.refresh_from_db()
    return all(task.archived and not task.is_active for task in tasks)


def test_dispatchers_killed_at_any_moment_run_each_task_once(lin, dispatcher):
    project = make_cluster(lin)
    root = workfolder.home(project.pk)
    workfolder.write_file(root, "main.py", PROGRAM)
    workfolder.write_file(root, "data.txt", b"the data")
    tasks = [actions.submit_task(lin, project.pk, trainers=2) for _ in range(3)]
    chance = random.Random(5)
    for _ in range(12):
        process = dispatcher()
        time.sleep(chance.uniform(0.02, 0.4))
        process.kill()
        process.join()
    dispatcher()
    until(lambda: are_over(tasks))
    for task in tasks:
        assert (task.state, task.reason, task.attempt) == (State.SUCCEEDED, Reason.EXIT, 1)
        left = {file.name: file.read_text() for file in folders.output(task.pk).iterdir()}
        assert left == {
            **{f"starts-{rank}": "started\n" for rank in (0, 1)},
            **{f"done-{rank}": "the data" for rank in (0, 1)},
        }
        (log,) = folders.logs(task.pk).iterdir()
        assert "[trainer-1] rank 1 of 2\n" in log.read_text()
        assert 0 < task.cpu_seconds < 60
    assert not list(local_engine().runs())


def test_a_task_that_ignores_sigterm_is_stopped_whole(lin, dispatcher):
    project = make_cluster(lin)
    workfolder.write_file(workfolder.home(project.pk), "main.py", FOR_EVER)
    dispatcher()
    task = actions.submit_task(lin, project.pk, trainers=2)
    run_id = folders.run_id(task.pk, 1)

    def both_are_here() -> bool:
        try:
            return local_engine().log_path(run_id).read_text().count("] here") == 2
        except (KeyError, FileNotFoundError):
            return False

    until(both_are_here)
    pid = local_engine().status(run_id).pid
    until(lambda: queries.usage_of(task).samples)
    actions.stop_task(lin, task.pk)
    until(lambda: are_over([task]))
    assert (task.state, task.reason) == (State.STOPPED, Reason.STOPPED)
    assert not Path(f"/proc/{pid}").exists()
    assert queries.usage_of(task).samples[-1].processes >= 4
