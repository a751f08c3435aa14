"""Whole rounds: rows, a hub over HTTP, and real runs of the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.dispatcher.housekeeping import Schedule, tidy_runs
from lyceum.dispatcher.rounds import Rounds
from lyceum.engine import local_engine
from lyceum.engine.workload import Workload
from lyceum.notebooks import lifecycle
from lyceum.notebooks.actions import restart_notebook, start_notebook, stop_notebook
from lyceum.notebooks.models import NotebookServer
from lyceum.notebooks.workloads import LABEL
from lyceum.projects import workfolder
from lyceum.projects.actions import delete_project, save_version
from lyceum.projects.models import Project, Version
from tests.notebooks.hub import Hub
from tests.notebooks.making import make_learner, make_project

State = NotebookServer.State

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("built"),
    pytest.mark.sandbox,
]


@pytest.fixture
def learner(transactional_db: None) -> User:
    return make_learner("lin")


@pytest.fixture
def project(learner: User) -> Project:
    return make_project(learner)


@pytest.fixture
def run() -> Iterator[Callable[..., str]]:
    """Start ``sleep`` as the notebook run of a project; all are ended afterwards."""
    engine = local_engine()
    started: list[str] = []

    def start(project: Project, *argv: str) -> str:
        labels = {"kind": LABEL, "project": str(project.pk)}
        started.append(engine.start(Workload(argv=argv or ("/bin/sleep", "600"), labels=labels)))
        return started[-1]

    yield start
    for run_id in started:
        try:
            engine.stop(run_id, grace=0)
            engine.remove(run_id)
        except KeyError:
            continue


def until(rounds: Rounds, project: Project, state: str, seconds: float = 20) -> NotebookServer:
    """Turn until the project's server is in ``state``."""
    deadline = time.monotonic() + seconds
    while True:
        rounds.turn()
        server = NotebookServer.objects.select_related("user").get(project=project)
        if server.state == state:
            return server
        assert time.monotonic() < deadline, (server.state, server.reason, server.message)
        time.sleep(0.05)


def running(learner: User, project: Project, hub: Hub, run_id: str) -> NotebookServer:
    start_notebook(learner, project_id=project.pk)
    hub.ready(learner.pk, project.pk, run_id)
    return until(Rounds(), project, State.RUNNING)


def write(project: Project, name: str = "work.txt") -> None:
    workfolder.write_file(workfolder.home(project.pk), name, b"epoch 1\n")


def test_a_start_becomes_a_running_server(learner: User, project: Project, hub: Hub, run):
    run_id = run(project)
    server = running(learner, project, hub, run_id)
    assert (server.run_id, server.progress) == (run_id, 100)
    assert server.started is not None


def test_a_request_that_died_before_asking_the_hub_is_carried_out(
    learner: User, project: Project, hub: Hub
):
    server = start_notebook(learner, project_id=project.pk)
    hub.forget(learner.pk, project.pk)
    NotebookServer.objects.update(launched=None, requested=timezone.now() - timedelta(seconds=10))

    deadline = time.monotonic() + 10
    rounds = Rounds()
    while hub.state(learner.pk, project.pk) is None:
        assert time.monotonic() < deadline
        rounds.turn()
        time.sleep(0.05)
    assert server.attempt == NotebookServer.objects.get().attempt


def test_a_failed_spawn_says_why(learner: User, project: Project, hub: Hub):
    start_notebook(learner, project_id=project.pk)
    hub.fail(learner.pk, project.pk, "the disk is full")
    NotebookServer.objects.update(launched=timezone.now() - timedelta(seconds=10))
    NotebookServer.objects.update(requested=timezone.now() - timedelta(seconds=10))

    server = until(Rounds(), project, State.FAILED)

    assert (server.reason, server.message) == ("spawn", "the disk is full")
    assert not Version.objects.filter(cause="automatic").exists()


def test_a_hub_that_never_answers_is_given_up(learner: User, project: Project, ports: int):
    start_notebook(learner, project_id=project.pk)
    NotebookServer.objects.update(requested=timezone.now() - timedelta(minutes=10))
    assert until(Rounds(), project, State.FAILED).reason == "hub_down"


def test_stopping_saves_first_and_ends_the_run(learner: User, project: Project, hub: Hub, run):
    run_id = run(project)
    running(learner, project, hub, run_id)
    write(project)
    stop_notebook(learner, project_id=project.pk)

    server = until(Rounds(), project, State.STOPPED)

    version = Version.objects.get(project=project, cause="automatic")
    assert server.saved_version == version.number == 2
    assert server.token_hash == ""
    assert hub.state(learner.pk, project.pk) is None
    assert not local_engine().status(run_id).alive


def test_a_hub_that_takes_its_time_is_waited_for(learner: User, project: Project, hub: Hub, run):
    running(learner, project, hub, run(project))
    hub.stops_at_once = False
    stop_notebook(learner, project_id=project.pk)
    rounds = Rounds()
    for _ in range(10):
        rounds.turn()
        time.sleep(0.05)
    assert NotebookServer.objects.get().state == State.STOPPING

    hub.forget(learner.pk, project.pk)
    until(rounds, project, State.STOPPED)
    assert Version.objects.filter(project=project).count() == 1


def test_a_restart_saves_ends_the_run_and_starts_again(
    learner: User, project: Project, hub: Hub, run
):
    first, second = run(project), run(project)
    running(learner, project, hub, first)
    write(project)
    restart_notebook(learner, project_id=project.pk)

    server = until(Rounds(), project, State.STARTING)

    assert Version.objects.filter(project=project, cause="automatic").exists()
    assert not local_engine().status(first).alive
    assert (server.attempt, server.restart, server.run_id) == (2, False, "")
    assert server.token_hash
    asked = time.monotonic() + 10
    while hub.state(learner.pk, project.pk) != "spawn":
        assert time.monotonic() < asked, "the hub was not asked to start it again"
        time.sleep(0.02)
    hub.ready(learner.pk, project.pk, second)
    assert until(Rounds(), project, State.RUNNING).run_id == second


def test_pressing_stop_during_a_restart_is_a_stop(learner: User, project: Project, hub: Hub, run):
    running(learner, project, hub, run(project))
    restart_notebook(learner, project_id=project.pk)
    stop_notebook(learner, project_id=project.pk)
    assert until(Rounds(), project, State.STOPPED).reason == "asked"
    restart_notebook(learner, project_id=project.pk)  # of what does not run: a start
    assert NotebookServer.objects.get().state == State.STARTING


@pytest.mark.parametrize("cut_after", ["saving", "hub"])
def test_a_stop_that_was_cut_short_is_finished_by_the_next_dispatcher(
    learner: User, project: Project, hub: Hub, run, cut_after: str
):
    server = running(learner, project, hub, run(project))
    write(project)
    stop_notebook(learner, project_id=project.pk)
    server.refresh_from_db()
    if cut_after == "saving":
        save_version(learner, project.pk, cause="automatic")
    else:
        hub.forget(learner.pk, project.pk)

    assert until(Rounds(), project, State.STOPPED).saved_version == 2
    assert Version.objects.filter(project=project).count() == 2


def test_a_server_that_died_is_failed_with_its_reason_and_saved(
    learner: User, project: Project, hub: Hub, run
):
    run_id = run(project, "/bin/sh", "-c", "sleep 1; kill -9 $$")
    running(learner, project, hub, run_id)
    write(project)

    server = until(Rounds(), project, State.FAILED)

    assert server.reason in ("signal", "exit")
    assert server.saved_version == 2
    assert hub.state(learner.pk, project.pk) is None


def test_a_server_the_hub_lost_is_failed_and_its_run_ended(
    learner: User, project: Project, hub: Hub, run
):
    run_id = run(project)
    running(learner, project, hub, run_id)
    hub.forget(learner.pk, project.pk)

    assert until(Rounds(), project, State.FAILED).reason == "lost"
    assert not local_engine().status(run_id).alive


def test_an_idle_server_is_warned_then_stopped(learner: User, project: Project, hub: Hub, run):
    running(learner, project, hub, run(project))
    write(project)
    long_ago = timezone.now() - timedelta(hours=2)
    NotebookServer.objects.update(last_activity=long_ago)
    rounds = Rounds()
    deadline = time.monotonic() + 20
    while not NotebookServer.objects.filter(warned__isnull=False).exists():
        rounds.turn()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert NotebookServer.objects.get().state == State.RUNNING

    NotebookServer.objects.update(warned=timezone.now() - timedelta(minutes=6))
    server = until(rounds, project, State.STOPPED)

    assert (server.reason, server.saved_version) == ("idle", 2)


def test_a_deleted_project_and_a_closed_account_stop_running(
    learner: User, project: Project, hub: Hub, run
):
    running(learner, project, hub, run(project))
    delete_project(learner, project.pk, typed_name=project.name)
    until(Rounds(), project, State.STOPPED)

    other = make_project(learner, "Digits")
    running(learner, other, hub, run(other))
    User.objects.update(is_active=False)
    assert until(Rounds(), other, State.STOPPED).reason == "deleted"


def test_what_the_hub_runs_without_us_is_removed(learner: User, project: Project, hub: Hub, run):
    running(learner, project, hub, run(project))
    NotebookServer.objects.update(state=State.STOPPED)
    rounds = Rounds()
    deadline = time.monotonic() + 10
    while hub.state(learner.pk, project.pk) is not None:
        rounds.turn()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_environment_is_prepared_then_the_hub_is_asked(
    learner: User, project: Project, hub: Hub
):
    start_notebook(learner, project_id=project.pk)
    hub.forget(learner.pk, project.pk)
    NotebookServer.objects.update(stage="building", launched=None)

    deadline = time.monotonic() + 20
    rounds = Rounds()
    while hub.state(learner.pk, project.pk) is None:
        rounds.turn()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert NotebookServer.objects.get().stage == "launching"


def test_an_environment_that_cannot_be_had_fails_the_start(
    learner: User, project: Project, hub: Hub, monkeypatch: pytest.MonkeyPatch
):
    start_notebook(learner, project_id=project.pk)
    NotebookServer.objects.update(stage="building")
    Project.objects.update(environment="no-such-environment")

    server = until(Rounds(), project, State.FAILED)

    assert (server.reason, "no-such-environment" in server.message) == ("build", True)


def test_a_stop_during_the_start_wins(learner: User, project: Project, hub: Hub, run):
    server = start_notebook(learner, project_id=project.pk)
    stop_notebook(learner, project_id=project.pk)
    hub.ready(learner.pk, project.pk, run(project))

    assert not lifecycle.mark_ready(server, "late")
    assert until(Rounds(), project, State.STOPPED).saved_version == lifecycle.NOTHING_SAVED
    assert hub.state(learner.pk, project.pk) is None


def test_runs_that_belong_to_nobody_are_tidied_away(
    learner: User, project: Project, hub: Hub, run, monkeypatch: pytest.MonkeyPatch
):
    abandoned = run(project)
    foreign = local_engine().start(Workload(argv=("/bin/sleep", "600")))
    monkeypatch.setattr("lyceum.dispatcher.housekeeping.SETTLING_SECONDS", 0.0)
    monkeypatch.setattr("lyceum.dispatcher.housekeeping.KEPT_SECONDS", 0.0)
    try:
        tidy_runs()
        assert not local_engine().status(abandoned).alive
        assert local_engine().status(foreign).alive
        time.sleep(0.1)
        tidy_runs()
        with pytest.raises(KeyError):
            local_engine().status(abandoned)
    finally:
        local_engine().stop(foreign, grace=0)
        local_engine().remove(foreign)
    connection.close()


def test_housekeeping_empties_the_datasets_trash_and_counts_their_use():
    jobs = {job.__name__ for job in Schedule().due()}
    assert {"purge", "purge_trash", "recount_use", "tidy_runs"} <= jobs
