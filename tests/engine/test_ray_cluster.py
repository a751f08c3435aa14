"""Gangs on a real Ray cluster of two machines; what one machine promises holds on it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from lyceum import environments
from lyceum.accounts.models import User
from lyceum.dispatcher.tasks import MOVING_SECONDS, Tasks
from lyceum.engine import local_engine, task_engine
from lyceum.engine.base import Engine
from lyceum.engine.ray.engine import RayEngine
from lyceum.engine.workload import Limits, Member, Mount, RunState, Workload
from lyceum.tasks import actions, folders
from lyceum.tasks.models import Task
from tests.dispatcher import serving
from tests.engine import contract
from tests.engine.conftest import stop_all
from tests.engine.contract import await_end, fresh_id, gang, log_of, member
from tests.projects.making import make_project
from tests.support.environments import SHARED
from tests.support.platform import free_ports
from tests.support.ray import CPUS, NAMES, Cluster, ray_cluster

__all__ = ["ray_cluster"]

TRAINING_SECONDS = 180
SERVING_SECONDS = 90
NOTICING_SECONDS = 90
"""For Ray to notice that a machine is gone, and for the driver to stop the others."""
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


@pytest.fixture
def engine(tmp_path: Path, ray_cluster: Cluster) -> Iterator[RayEngine]:
    ray_cluster.mend()
    made = RayEngine(tmp_path / "platform", address=ray_cluster.address, token=ray_cluster.token)
    yield made
    stop_all(made)


@pytest.fixture
def lin(transactional_db: None) -> User:
    return User.objects.create_user("lin")


SHIMS_OWN = {
    "test_a_member_ended_by_a_signal_says_which",
    "test_the_time_limit_ends_it",
    "test_use_is_measured_while_it_runs",
    "test_what_ignores_a_stop_is_killed_with_all_it_started",
    "test_work_goes_on_in_the_folder_that_was_mounted",
}
"""What a machine's shim does, which is the same one as without Ray."""


class TestOnRay(contract.Gangs):
    """The contract: what Ray has a part in, and with ``TEST_RAY=all`` the rest, for
    which Ray takes 40 seconds more."""

    @pytest.fixture(autouse=True)
    def in_time(self, request: pytest.FixtureRequest) -> None:
        if request.node.originalname in SHIMS_OWN and os.environ.get("TEST_RAY") != "all":
            pytest.skip("the shim's own; TEST_RAY=all runs it on Ray too")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_task_trains_on_two_machines(
    lin: User, ray_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
):
    """From its row to its archive: PyTorch's ranks find each other, and lose the same."""
    use(ray_cluster, monkeypatch)
    environments.build("torch-py311")
    project = make_project(lin, kind="cluster", environment="torch-py311")
    task = actions.submit_task(lin, project.pk, trainers=2, cpus=CPUS)
    dispatcher = Tasks(task_engine())
    until = time.monotonic() + TRAINING_SECONDS
    while not task.archived:
        assert time.monotonic() < until, Task.objects.values().get()
        dispatcher.turn()
        time.sleep(MOVING_SECONDS)
        task.refresh_from_db()
    logs = {path.name: path.read_text() for path in folders.logs(task.pk).iterdir()}
    assert (task.state, task.reason) == ("succeeded", "exit"), (task.detail, logs)
    assert sorted(logs) == ["1-alpha-trainer.log", "1-beta-trainer.log"]
    losses = [re.findall(r"loss (\d+\.\d+)", log) for log in logs.values()]
    assert len(losses[0]) == 10 and losses[0] == losses[1]
    assert (folders.output(task.pk) / "checkpoint.pt").is_file()
    assert task.cpu_seconds > 1 and task.peak_memory > 100 * contract.MB
    assert task_engine().runs() == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_service_lives_on_the_machine_with_room(
    lin: User, ray_cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Once that is lost, on the other one."""
    ray_cluster.mend()
    use(ray_cluster, monkeypatch)
    monkeypatch.setenv("LYCEUM_PORT", str(free_ports(7)))
    if not environments.availability(serving.ENVIRONMENT).built:
        environments.build(serving.ENVIRONMENT)
    revision = serving.make_revision(make_project(lin), plus=5)
    parts = serving.Parts(tmp_path)
    parts.start("gateway")
    cluster = task_engine()
    keepers = [cluster.start(keeping(CPUS), run_id=fresh_id()) for _ in NAMES]
    try:
        places = {place_of(cluster, keeper): keeper for keeper in keepers}
        cluster.stop(places["beta"], grace=0)
        parts.start("dispatcher")
        service = serving.make_service(revision)
        serving.until(lambda: serving.answer(service) == 26.0, seconds=SERVING_SECONDS)
        first = service.replicas.get().run_id
        assert place_of(cluster, first) == "beta"
        assert local_engine().runs() == []

        cluster.stop(places["alpha"], grace=0)
        ray_cluster.kill("beta")
        replaced = service.replicas.exclude(run_id__in=("", first))
        serving.until(replaced.exists, seconds=SERVING_SECONDS)
        serving.until(lambda: serving.answer(service) == 26.0, seconds=SERVING_SECONDS)
        assert place_of(cluster, replaced.get().run_id) == "alpha"
        assert cluster.status(first).reason == "lost"
    finally:
        parts.close()
        for keeper in keepers:
            cluster.stop(keeper, grace=0)


class TestOnTwoMachines:
    """What only several machines can do, or do wrong; the last test takes one away."""

    def test_isolation_can_be_switched_off(self, tmp_path: Path, ray_cluster: Cluster):
        made = RayEngine(
            tmp_path / "platform",
            sandbox="off",
            address=ray_cluster.address,
            token=ray_cluster.token,
        )
        status, log = contract.finish(made, gang(*three("echo pid $(cat /proc/self/comm)")))
        assert status.state == RunState.SUCCEEDED, status
        assert log.count("pid cat") == 3

    def test_who_reaches_ray_has_no_say_in_it(self, engine: RayEngine, ray_cluster: Cluster):
        ask = (
            "import os, urllib.error, urllib.request\n"
            "print([name for name in os.environ if name.startswith('RAY_')])\n"
            "try: urllib.request.build_opener(urllib.request.ProxyHandler({})).open('URL')\n"
            "except urllib.error.HTTPError as error: print(error.code)"
        ).replace("URL", f"{ray_cluster.address}/api/jobs/")
        one = Member("trainer", 0, (contract.PYTHON, "-c", ask))
        _, log = contract.finish(engine, gang(one, *three("true")[1:], network="open"))
        assert sorted(log.splitlines()) == ["[trainer-0] 401", "[trainer-0] []"]

    def test_a_gang_that_fits_on_no_machines_gives_up(self, tmp_path: Path, ray_cluster: Cluster):
        made = RayEngine(
            tmp_path / "platform",
            address=ray_cluster.address,
            token=ray_cluster.token,
            machines_seconds=1,
        )
        run_id = made.start(gang(member("true"), limits=Limits(cpus=CPUS + 1)), run_id=fresh_id())
        status = await_end(made, run_id)
        assert (status.state, status.reason) == ("failed", "not_started")
        assert status.detail == "the cluster had no room for 1 × (CPU 3)"

    def test_a_driver_that_is_killed_leaves_nothing_running(
        self, engine: RayEngine, tmp_path: Path
    ):
        mount = contract.workspace(tmp_path / "workspace")
        run_id = engine.start(beating(mount), run_id=fresh_id())
        await_beats(mount, 3)
        kill_driver(run_id)
        status = await_end(engine, run_id)
        assert (status.state, status.reason) == ("lost", "lost")
        assert "127.0.0.2" in status.detail
        await_silence(mount)

    def test_a_machine_that_is_lost_is_named(
        self, engine: RayEngine, ray_cluster: Cluster, tmp_path: Path
    ):
        mount = contract.workspace(tmp_path / "workspace")
        run_id = engine.start(beating(mount), run_id=fresh_id())
        await_beats(mount, 3)
        assert {name.partition("-")[0] for name, _ in engine.logs(run_id)} == {"alpha", "beta"}
        ray_cluster.kill("beta")
        status = await_end(engine, run_id, timeout=NOTICING_SECONDS)
        assert (status.state, status.reason) == ("lost", "lost")
        assert status.detail == "the machine beta was lost"
        await_silence(mount)
        assert "up" in log_of(engine, run_id)
        # Its driver saw it before Ray counted its machines anew.
        contract.until(lambda: engine.capacity().nodes == 1, "one machine", NOTICING_SECONDS)


def use(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the platform run tasks and services on ``cluster``."""
    monkeypatch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))
    monkeypatch.setenv("LYCEUM_ENGINE", "ray")
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    monkeypatch.setenv("RAY_AUTH_TOKEN", cluster.token)


def keeping(cpus: int) -> Workload:
    """Takes room on a machine, until it is stopped."""
    return Workload(argv=("/bin/sleep", "600"), limits=Limits(cpus=cpus))


def place_of(engine: Engine, run_id: str) -> str:
    """The machine that a run of one machine is on, once it runs."""
    running = lambda: engine.status(run_id).state == RunState.RUNNING  # noqa: E731
    contract.until(running, "a start", contract.SECONDS)
    ((name, _),) = engine.logs(run_id)
    return name


def three(script: str) -> tuple[Member, ...]:
    """More than one machine has CPUs for."""
    return tuple(member(script, index=index) for index in range(3))


def beating(mount: Mount) -> Workload:
    """Each member writes to a file of its own until it is killed, in a session of its own."""
    beat = f"while :; do date >> {contract.WORKSPACE}/beats-$ME; sleep 0.1; done"
    members = (
        replace(one, env={"ME": one.name})
        for one in three(f"echo up; setsid sh -c '{beat}' & wait")
    )
    return gang(*members, mounts=(mount,))


def sizes(mount: Mount) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in mount.source.glob("beats-*")}


def await_beats(mount: Mount, members: int) -> None:
    contract.until(lambda: len(sizes(mount)) == members, "the members", contract.SECONDS)


def await_silence(mount: Mount) -> None:
    """Until no member writes any more, on whatever machine."""

    def silent() -> bool:
        before = sizes(mount)
        time.sleep(0.5)
        return sizes(mount) == before

    contract.until(silent, "silence", contract.SECONDS)


def kill_driver(run_id: str) -> None:
    mark = ["-m", "lyceum.engine.ray.driver"]
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if words[1:3] == mark and words[-1].endswith(run_id):
            process.kill()
            return
    raise AssertionError("no driver runs")
