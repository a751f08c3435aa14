"""The dispatcher's tasks over a simulated engine: every end, and every kill in between."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lyceum.accounts.models import User
from lyceum.dispatcher import task_runs, tasks
from lyceum.engine.workload import RunState
from lyceum.environments import Availability, UnknownEnvironment
from lyceum.projects import workfolder
from lyceum.tasks import actions, folders, keeping, queries, workloads
from lyceum.tasks.models import CpuUse, Task
from tests.dispatcher.queueing import Queue
from tests.dispatcher.simulated import (
    LOST,
    WORDS,
    Inline,
    Killed,
    Killer,
    Life,
    SimulatedEngine,
    small_workload,
)
from tests.tasks.making import make_cluster, make_task

State, Reason = Task.State, Task.Reason

pytestmark = pytest.mark.django_db

FAILS = Life(state=RunState.FAILED, exit_code=3)


@pytest.fixture(autouse=True)
def built(monkeypatch):
    """Environments count as built; the workload is as much of it as the engine looks at;
    a step, which is done at once here, leaves us the connection."""
    monkeypatch.setattr(tasks, "connection", SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(
        "lyceum.environments.availability", lambda name: Availability(available=True, built=True)
    )

    monkeypatch.setattr(task_runs, "task_workload", small_workload)


@pytest.fixture
def engine(tmp_path, monkeypatch):
    simulated = SimulatedEngine(tmp_path)
    monkeypatch.setattr(keeping, "task_engine", lambda: simulated)
    return simulated


@pytest.fixture
def lin(db) -> User:
    return User.objects.create_user("lin")


@pytest.fixture
def cluster(lin):
    return make_cluster(lin)


def dispatcher(engine: SimulatedEngine) -> tasks.Tasks:
    return tasks.Tasks(engine, pool=Inline(), clock=engine.clock)


def drain(engine: SimulatedEngine, *, turns: int = 200, step: float = 1.0) -> None:
    """Turns of one dispatcher until nothing is left to do."""
    one = dispatcher(engine)
    for _ in range(turns):
        if not one.turn():
            return
        engine.now += step
    raise AssertionError(list(Task.objects.values("pk", "state", "attempt", "stage")))


def ended(task: Task) -> tuple[str, str]:
    task.refresh_from_db()
    assert task.ended is not None
    return task.state, task.reason


def test_a_task_runs_is_counted_and_put_away(engine, cluster, lin):
    task = make_task(cluster, trainers=2, pservers=1)
    one = dispatcher(engine)
    one.turn()
    task.refresh_from_db()
    assert (task.state, task.attempt) == (State.RUNNING, 1)
    assert (folders.workspace(task.pk) / "main.py").is_file()
    drain(engine)
    assert ended(task) == (State.SUCCEEDED, Reason.EXIT)
    assert (task.exit_code, task.archived) == (0, True)
    assert (task.ended - task.started).total_seconds() == 5
    assert task.cpu_seconds == pytest.approx(15)
    assert CpuUse.objects.get().seconds == pytest.approx(15)
    assert task.peak_memory == 1 << 20
    use = queries.usage_of(task)
    assert [sample.cpu for sample in use.samples] == pytest.approx([3.0] * len(use.samples))
    assert use.samples and use.samples[0].processes == 2
    assert not folders.workspace(task.pk).exists()
    assert folders.output(task.pk).is_dir()
    assert [(file.name, file.read_text()) for file in folders.logs(task.pk).iterdir()] == [
        ("1-this_machine.log", WORDS)
    ]
    assert not engine.known


@pytest.mark.parametrize(
    ("life", "state", "reason", "code"),
    [
        (FAILS, State.FAILED, Reason.EXIT, 3),
        (Life(0.0), State.SUCCEEDED, Reason.EXIT, 0),
        (
            Life(state=RunState.FAILED, reason="time_limit", exit_code=None),
            State.FAILED,
            Reason.TIME_LIMIT,
            None,
        ),
        (
            Life(state=RunState.FAILED, reason="out_of_memory", exit_code=None),
            State.FAILED,
            Reason.OUT_OF_MEMORY,
            None,
        ),
    ],
)
def test_every_ending_is_written_down(engine, cluster, life, state, reason, code):
    task = make_task(cluster)
    engine.lives[task.pk] = [life]
    drain(engine)
    assert ended(task) == (state, reason)
    assert task.exit_code == code
    assert task.started is not None


def test_a_lost_machine_gets_it_another_start_with_its_output(engine, cluster):
    task = make_task(cluster)
    engine.lives[task.pk] = [LOST, Life()]
    one = dispatcher(engine)
    one.turn()
    (folders.output(task.pk) / "checkpoint").write_text("epoch 3")
    (folders.workspace(task.pk) / "scratch").write_text("half written")
    drain(engine)
    assert ended(task) == (State.SUCCEEDED, Reason.EXIT)
    assert task.attempt == 2
    assert (folders.output(task.pk) / "checkpoint").read_text() == "epoch 3"
    assert task.cpu_seconds == pytest.approx(10)
    kept = sorted(file.name for file in folders.logs(task.pk).iterdir())
    assert kept == ["1-this_machine.log", "2-this_machine.log"]


def test_a_machine_lost_again_and_again_is_said_at_last(engine, cluster):
    task = make_task(cluster)
    engine.lives[task.pk] = [LOST]
    drain(engine)
    assert ended(task) == (State.FAILED, Reason.LOST)
    assert task.attempt == 3


def test_a_stopped_task_is_not_started_again_when_its_machine_is_lost(engine, cluster, lin):
    task = make_task(cluster)
    engine.lives[task.pk] = [LOST]
    one = dispatcher(engine)
    one.turn()
    engine.now += 60
    actions.stop_task(lin, task.pk)
    drain(engine)
    assert ended(task) == (State.STOPPED, Reason.STOPPED)
    assert task.attempt == 1


def test_stopping_ends_the_run(engine, cluster, lin):
    task = make_task(cluster)
    engine.lives[task.pk] = [Life(seconds=1e6)]
    one = dispatcher(engine)
    for _ in range(3):
        one.turn()
        engine.now += 1
    actions.stop_task(lin, task.pk)
    drain(engine)
    assert ended(task) == (State.STOPPED, Reason.STOPPED)
    assert task.cpu_seconds == pytest.approx(3)


def test_a_deleted_account_or_project_ends_its_runs(engine, cluster, lin):
    first, second = make_task(cluster), make_task(make_cluster(lin, name="Other"))
    for task in (first, second):
        engine.lives[task.pk] = [Life(seconds=1e6)]
    one = dispatcher(engine)
    for _ in range(3):
        one.turn()
        engine.now += 1
    cluster.deleted = timezone.now()
    cluster.save()
    one.turn()
    assert ended(first) == (State.STOPPED, Reason.STOPPED)
    lin.is_active = False
    lin.save()
    one.turn()
    assert ended(second) == (State.STOPPED, Reason.STOPPED)


def test_a_start_that_is_refused_is_tried_again(engine, cluster):
    task = make_task(cluster)
    engine.refuses = 2
    drain(engine)
    assert ended(task) == (State.SUCCEEDED, Reason.EXIT)


def test_a_start_that_is_always_refused_fails_the_task(engine, cluster):
    task = make_task(cluster)
    engine.refuses = 100
    drain(engine)
    assert ended(task) == (State.FAILED, Reason.NOT_STARTED)
    assert "no room" in task.detail


def test_a_version_whose_files_are_gone_fails_the_task(engine, cluster):
    task = make_task(cluster)
    workfolder.delete(cluster.pk)
    drain(engine)
    assert ended(task) == (State.FAILED, Reason.NOT_STARTED)


def test_an_engine_that_is_silent_for_long_has_lost_its_runs(engine, cluster):
    task = make_task(cluster)
    engine.lives[task.pk] = [Life(seconds=1e6), Life()]
    one = dispatcher(engine)
    one.turn()
    engine.answers = False
    for _ in range(20):
        one.turn()
        engine.now += 60
    task.refresh_from_db()
    assert (task.state, task.stage) == (State.QUEUED, "engine")
    assert "does not answer" in task.detail
    assert "does not answer" in queries.queue_place(task).sentence
    engine.answers = True
    engine.now += 60
    keeping.tidy_runs()  # the first attempt's run, which nobody follows any more
    drain(engine)
    assert ended(task) == (State.SUCCEEDED, Reason.EXIT)
    assert task.attempt == 2


def test_an_environment_that_is_missing_is_built_first(engine, cluster, monkeypatch):
    task = make_task(cluster)
    monkeypatch.setattr(
        "lyceum.environments.availability", lambda name: Availability(available=True, built=False)
    )
    one = dispatcher(engine)
    began = []
    monkeypatch.setattr(one._builds, "begin", began.append)
    monkeypatch.setattr(one._builds, "progress", lambda name: 0.25)
    one.turn()
    task.refresh_from_db()
    assert began == [task.environment]
    assert (task.state, task.stage) == (State.QUEUED, "building")
    assert "25 %" in queries.queue_place(task).sentence
    monkeypatch.setattr(one._builds, "failure", lambda name, since: "no compiler")
    engine.now += 5
    one.turn()
    assert ended(task) == (State.FAILED, Reason.ENVIRONMENT)
    assert task.detail == "no compiler"


def test_an_environment_that_is_no_more_fails_its_task_alone(engine, cluster, lin, monkeypatch):
    gone = make_task(cluster, environment="cobol")
    other = make_task(make_cluster(User.objects.create_user("amy")))

    def availability(name: str) -> Availability:
        if name == "cobol":
            raise UnknownEnvironment(name)
        return Availability(available=True, built=True)

    monkeypatch.setattr("lyceum.environments.availability", availability)
    one = dispatcher(engine)
    for _ in range(500):
        if not one.turn():
            break
        engine.now += 3
        time.sleep(0.01)  # its build is in a thread
    assert ended(gone) == (State.FAILED, Reason.ENVIRONMENT)
    assert "cobol" in gone.detail
    assert ended(other) == (State.SUCCEEDED, Reason.EXIT)


def test_nothing_to_do_costs_one_query(engine, cluster, django_assert_num_queries):
    make_task(cluster, state=State.SUCCEEDED, archived=True)
    one = dispatcher(engine)
    one.turn()
    with django_assert_num_queries(1) as captured:
        assert not one.turn()
    if connection.vendor == "sqlite":  # PostgreSQL reads so few rows without any index
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + captured.captured_queries[0]["sql"])
            assert "task_open" in str(cursor.fetchall())


def test_runs_and_folders_of_nobody_are_removed(engine, cluster):
    task = make_task(cluster)
    engine.lives[task.pk] = [Life(seconds=1e6)]
    dispatcher(engine).turn()
    other = make_task(cluster, state=State.SUCCEEDED, archived=True)
    folders.output(other.pk).mkdir(parents=True)
    run_id = folders.run_id(task.pk, 1)
    keeping.tidy_runs()
    assert engine.status(run_id).alive
    task.delete()
    keeping.tidy_runs()
    keeping.tidy_runs()
    assert not engine.known
    keeping.tidy_folders()
    assert not folders.task_folder(task.pk).exists()
    assert folders.task_folder(other.pk).exists()


def test_many_tasks_of_three_users_are_worked_off_fairly(engine, monkeypatch):
    """At any time each user has been given about as much, however many tasks they queued
    before the others; the dispatcher remembers nothing of what is over."""
    queue = Queue(engine, {"amy": 24, "bo": 18, "cy": 12})
    turns = list(queue.drain(dispatcher(engine)))
    assert set(Task.objects.values_list("state", "archived")) == {(State.SUCCEEDED, True)}
    assert max(engine.most_at_once.values()) == 2
    contested = [turn for turn in turns if min(turn.queued.values()) > 0]
    assert len(contested) > 5
    assert max(turn.spread for turn in contested) <= 2 * queue.LONGEST
    assert max(turn.remembered for turn in turns) <= 20
    assert turns[-1].remembered == 0


LIVES = st.lists(
    st.sampled_from([Life(), Life(0.0), Life(3.0), FAILS, LOST, Life(seconds=40.0)]),
    min_size=1,
    max_size=3,
)


@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.generate],  # shrinking a failure takes minutes: add it to look for a cause
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    lives=st.lists(LIVES, min_size=1, max_size=4),
    kills=st.lists(st.integers(1, 40), max_size=8),
    stop=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 6)),
)
def test_killed_between_any_two_steps_nothing_is_lost_or_run_twice(
    engine, cluster, lin, monkeypatch, lives, kills, stop
):
    Task.objects.all().delete()
    CpuUse.objects.all().delete()
    engine.__init__(engine.folder)
    made = [make_task(cluster) for _ in lives]
    engine.lives = {task.pk: each for task, each in zip(made, lives, strict=True)}
    killer = engine.killer
    with monkeypatch.context() as patched, killer.at_every_write():
        patched.setattr(task_runs, "prepare", killer.around(workloads.prepare))
        patched.setattr(keeping.workfolder, "remove_tree", killer.around(workfolder.remove_tree))
        _turns(engine, lin, made, iter(kills), stop)
    for task in made:
        _check(task, engine)
    counted = sum(use.seconds for use in CpuUse.objects.all())
    assert counted == pytest.approx(sum(task.cpu_seconds for task in made))
    assert max(engine.most_at_once.values(), default=0) <= 2
    assert not engine.known


def _turns(engine, user, made, kills, stop) -> None:
    one = None
    killer: Killer = engine.killer
    for turn in range(300):
        if stop and turn == stop[1] and stop[0] < len(made):
            killer.left, left = None, killer.left  # it is the portal's step, not ours
            actions.stop_task(user, made[stop[0]].pk)
            killer.left = left
        if one is None:
            killer.left = next(kills, None)
            one = dispatcher(engine)
        try:
            is_moving = one.turn()
        except Killed:
            one = None
            continue
        if not is_moving:
            return
        engine.now += 1
    raise AssertionError(list(Task.objects.values("pk", "state", "attempt", "stage")))


def _check(task: Task, engine: SimulatedEngine) -> None:
    """Its end is its last attempt's, each attempt was one program, and none was one too many."""
    task.refresh_from_db()
    runs = [folders.run_id(task.pk, number) for number in range(1, task.attempt + 1)]
    own = [run for run in engine.programs if run.startswith(f"task-{task.pk}-")]
    assert set(own) <= set(runs)
    assert all(engine.programs[run] == 1 for run in own)
    assert task.archived and task.ended
    if task.state == State.STOPPED:
        assert task.stop_requested
        return
    assert own == runs
    lives = engine.lives[task.pk]
    lived = [lives[min(number, len(lives)) - 1] for number in range(1, task.attempt + 1)]
    assert all(life == LOST for life in lived[:-1])
    assert task.state == (State.SUCCEEDED if lived[-1].exit_code == 0 else State.FAILED)
    assert (task.reason == Reason.LOST) == (lived[-1] == LOST)
    assert lived[-1] != LOST or task.attempt == 3
    assert task.cpu_seconds == pytest.approx(sum(life.seconds for life in lived))
    kept = sorted(file.name for file in folders.logs(task.pk).iterdir())
    assert kept == [f"{number}-this_machine.log" for number in range(1, task.attempt + 1)]
