"""From submitting a task to the first line of its log, against Ray and a bare process.

    .venv/bin/python -m benchmarks.tasks [--rounds 5] [--no-ray]

Each way runs the same interpreter, which prints a line and ends:

bare    a subprocess of this process
gang    a gang of one on the local engine: `LocalEngine.start`, sandbox, open network
task    the whole platform: `submit_task`, then the dispatcher's process
ray     ``ray job submit`` to a one-machine cluster, no sandbox
on ray  a gang of one on our Ray engine, on that cluster

Rounds alternate, so a busy machine slows all. Fails when ``gang`` or ``task`` take longer
than 1.3 times ``bare`` and 0.3 s more, or longer than ``ray``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from lyceum import environments
from lyceum.config import settings
from lyceum.engine import gangs
from lyceum.engine.base import Engine
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import Limits, Member, Workload
from tests.support.environments import SHARED

CHECKOUT = Path(__file__).resolve().parents[1]
ENVIRONMENT = "sklearn-py311"
CODE = "print('hello')"
LINE = "hello"
MOST_TIMES = 1.3
MOST_SECONDS = 0.3
_LOOK_SECONDS = 0.001
_WAIT_SECONDS = 120.0

Way = Callable[[], float]


def main() -> int:
    """Time every way, print the table and the ratios; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-ray", action="store_true")
    chosen = parser.parse_args()
    with contextlib.ExitStack() as opened:
        home = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="lyceum-bench-")))
        os.environ |= {
            "LYCEUM_HOME": str(home),
            "LYCEUM_ENVIRONMENTS": os.environ.get("LYCEUM_ENVIRONMENTS", str(SHARED)),
            "DJANGO_SETTINGS_MODULE": "lyceum.portal.settings",
        }
        environments.build(ENVIRONMENT)
        ways = {
            "bare": bare,
            "gang": lambda: gang(LocalEngine(home)),
            "task": opened.enter_context(platform()),
        }
        if not chosen.no_ray:
            ways |= opened.enter_context(ray_ways(home))
        return judged(measured(ways, chosen.rounds))


def measured(ways: dict[str, Way], rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round; one before them is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            seconds = way()
            if number:
                taken[name].append(seconds)
    return taken


def judged(taken: dict[str, list[float]]) -> int:
    """Print the table; 0 when the goals are met."""
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    allowed = MOST_TIMES * medians["bare"] + MOST_SECONDS
    for name, median in medians.items():
        times = " ".join(f"{seconds:.3f}" for seconds in taken[name])
        print(f"{name:<8} {median:.3f} s  ({times})")
    met = True
    for name in ("gang", "task"):
        share = medians[name] / allowed
        print(f"{name}: {medians[name]:.3f} s of the {allowed:.3f} s allowed, ratio {share:.2f}")
        met = met and share <= 1
        if "ray" in medians:
            ratio = medians[name] / medians["ray"]
            print(f"{name} against ray job submit: ratio {ratio:.2f}")
            met = met and ratio < 1
    print("goals met" if met else "goals not met", json.dumps(medians), f"load {os.getloadavg()}")
    return 0 if met else 1


def bare() -> float:
    """A subprocess that prints."""
    began = time.perf_counter()
    words = [str(environments.python(ENVIRONMENT)), "-c", CODE]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        return time.perf_counter() - began


def gang(engine: Engine) -> float:
    """A gang of one on ``engine``, as tasks are run."""
    python = environments.python(ENVIRONMENT)
    workload = Workload(
        argv=gangs.launcher_argv(python),
        env=environments.kernel_environment(ENVIRONMENT),
        mounts=(gangs.launcher_mount(), *environments.mounts(ENVIRONMENT)),
        limits=Limits(cpus=1, memory_bytes=1 << 30, processes=256, log_bytes=10_000_000),
        network="open",
        members=(Member("trainer", 0, (str(python), "-c", CODE)),),
    )
    run_id = f"bench-{uuid.uuid4().hex[:8]}"
    began = time.perf_counter()
    engine.start(workload, run_id=run_id)
    seconds = first_line(engine, run_id) - began
    ended(engine, run_id)
    engine.remove(run_id)
    return seconds


def first_line(engine: Engine, run_id: str) -> float:
    """When the run's log had the line."""
    until = time.perf_counter() + _WAIT_SECONDS
    while time.perf_counter() < until:
        with contextlib.suppress(KeyError):
            files = [path for _, paths in engine.logs(run_id) for path in paths]
            if any(path.exists() and LINE in path.read_text() for path in files):
                return time.perf_counter()
        time.sleep(_LOOK_SECONDS)
    raise AssertionError(f"{run_id} said nothing: {engine.status(run_id)}")


def ended(engine: Engine, run_id: str) -> None:
    """Wait for the run's end: what it still does would slow the next one."""
    while engine.status(run_id).alive:
        time.sleep(0.02)


@contextlib.contextmanager
def platform() -> Iterator[Way]:
    """A database, a learner with a cluster project, and the dispatcher."""
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=CHECKOUT, check=True)
    import django

    django.setup()
    from lyceum.accounts.models import User
    from tests.tasks.making import make_cluster

    learner = User.objects.create_user("bench")
    project = make_cluster(learner, environment=ENVIRONMENT)  # its main file prints the same
    words = [sys.executable, "-m", "lyceum.dispatcher"]
    dispatcher = subprocess.Popen(words, cwd=CHECKOUT, stderr=subprocess.DEVNULL)
    try:
        yield lambda: task(learner, project.pk)
    finally:
        dispatcher.terminate()
        dispatcher.wait(30)


def task(learner: object, project_id: int) -> float:
    """A task of the platform; its engine's log is looked at, not the page."""
    from lyceum.tasks.actions import submit_task
    from lyceum.tasks.folders import run_id
    from lyceum.tasks.models import Task

    began = time.perf_counter()
    submitted = submit_task(learner, project_id)
    seconds = first_line(LocalEngine(settings().root), run_id(submitted.pk, 1)) - began
    while Task.objects.get(pk=submitted.pk).is_active:
        time.sleep(0.05)
    return seconds


@contextlib.contextmanager
def ray_ways(home: Path) -> Iterator[dict[str, Way]]:
    """The two ways on Ray; none where it is not installed."""
    from tests.support.ray import NAMES, RAY, started

    if not RAY.exists():
        print("Ray is not installed: not compared with it")
        yield {}
        return
    from lyceum.engine.ray.engine import RayEngine

    cluster = started(NAMES[:1])
    try:
        engine = RayEngine(home / "ray", address=cluster.address, token=cluster.token)
        yield {"ray": lambda: ray_job(cluster), "on ray": lambda: gang(engine)}
    finally:
        cluster.stop()


def ray_job(cluster: object) -> float:
    """``ray job submit``, which shows the job's log as it comes."""
    from tests.support.ray import RAY

    python = str(environments.python(ENVIRONMENT))
    words = [str(RAY), "job", "submit", f"--address={cluster.address}", "--", python, "-c"]
    variables = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": cluster.token}
    began = time.perf_counter()
    with subprocess.Popen(
        [*words, CODE],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.strip() == LINE:
                seconds = time.perf_counter() - began
                break
        else:
            raise AssertionError("".join(said))
        process.stdout.read()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
