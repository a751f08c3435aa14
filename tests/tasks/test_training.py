"""The sample code of new cluster projects trains for real, distributed, in the sandbox."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lyceum import environments
from lyceum.cli.content import install_official_content
from lyceum.cli.examples import EXAMPLES
from lyceum.engine import local_engine
from lyceum.engine.workload import RunState
from lyceum.projects.models import Project
from lyceum.projects.queries import dataset_links, official_project
from lyceum.tasks import folders
from lyceum.tasks.models import Task
from lyceum.tasks.workloads import prepare, task_workload
from tests.projects.making import make_project
from tests.support.environments import SHARED
from tests.tasks.making import make_task

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox, pytest.mark.slow]

SECONDS = 180

Begin = Callable[..., "Training"]


@dataclass(frozen=True)
class Training:
    """A task whose run was started; several go on at once."""

    task: Task
    run_id: str

    @property
    def output(self) -> Path:
        return folders.output(self.task.pk)

    @property
    def log(self) -> str:
        return local_engine().log_path(self.run_id).read_text()

    def succeeds(self) -> str:
        """Wait for its end; the log."""
        while local_engine().status(self.run_id).alive:
            time.sleep(0.1)
        assert local_engine().status(self.run_id).state == RunState.SUCCEEDED, self.log
        return self.log


@pytest.fixture
def begin(lin, monkeypatch) -> Iterator[Begin]:
    """``begin(environment, …the task's fields)`` starts a task as the dispatcher does.

    ``files`` stand in place of the sample code, ``main_file`` among them.
    """
    monkeypatch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))
    # A proxy of the host's, which must not be asked for what is on the loopback.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    begun = []

    def start(environment: str, *, files=None, project=None, **fields) -> Training:
        available = environments.availability(environment)
        if not available.available:
            pytest.skip(f"{environment} can't be had here: {available.reason}")
        environments.build(environment)
        project = project or make_project(
            lin, kind="cluster", environment=environment, files=files
        )
        sizes = {"memory_mb": 2048, "time_limit_seconds": SECONDS, "main_file": "train.py"}
        begun.append(start_next(make_task(project, **{**sizes, **fields})))
        return begun[-1]

    yield start
    for training in begun:
        local_engine().stop(training.run_id, grace=0.5)


def start_next(task: Task) -> Training:
    """Start the next attempt of ``task``."""
    task.attempt += 1
    prepare(task)
    training = Training(task, folders.run_id(task.pk, task.attempt))
    local_engine().start(task_workload(task), run_id=training.run_id)
    return training


def losses(log: str, member: str) -> list[float]:
    """What the sample printed of each epoch."""
    return [float(found) for found in re.findall(rf"\[{member}\] epoch \d+ loss (\S+)", log)]


def curves(training: Training) -> list[str]:
    """The folders below ``output/log``, which hold what VisualDL shows."""
    return sorted(path.name for path in (training.output / "log").iterdir())


def test_fluid_trains_with_parameter_servers_as_the_guide_says(begin):
    """Its sample, distributed and, on Python 2, alone; and Paddle's own role maker."""
    sample, alone = begin("fluid-py37", trainers=2, pservers=1), begin("fluid-py27")
    fleet = begin("fluid-py37", files={"fleet.py": FLEET}, main_file="fleet.py", pservers=2)
    log = sample.succeeds()
    assert "[pserver-0] serving at 127.0.0.1:" in log
    for told in (losses(log, "trainer-0"), losses(log, "trainer-1")):
        assert len(told) == 10, log
        assert told[0] > 1 and told[-1] < 0.02  # the noise's variance is 0.01
    assert curves(sample) == ["trainer-0", "trainer-1"]
    weights, bias = parameters("fluid-py37", sample.output / "model")
    assert weights == pytest.approx([-1 + index / 6 for index in range(13)], abs=0.03)
    assert bias == pytest.approx([4.2], abs=0.03)
    assert losses(alone.succeeds(), "trainer-0")[-1] < 0.02
    told = losses(fleet.succeeds(), "trainer-0")
    assert told[-1] < 0.1 * told[0]


def test_paddle_3_trains_with_two_trainers_and_by_its_own_launch(begin):
    """Two trainers average their gradients; in one, `launch` starts two processes."""
    both = begin("paddle3-py311", trainers=2)
    files = {"go.py": LAUNCH, "each.py": EACH}
    launched = begin("paddle3-py311", files=files, main_file="go.py")
    log = both.succeeds()
    for rank in (0, 1):
        assert f"[trainer-{rank}] trainer {rank} of 2" in log
        told = losses(log, f"trainer-{rank}")
        assert len(told) == 10 and told[0] > 1 and told[-1] < 0.02, log
    assert (both.output / "checkpoint.pdparams").is_file()
    assert curves(both) == ["trainer-0", "trainer-1"]
    log = launched.succeeds()
    sums = [path.read_text() for path in sorted(launched.output.glob("rank-*"))]
    assert sums == ["1.0 of 2", "1.0 of 2"], log


def test_the_official_project_trains_and_goes_on_after_a_lost_machine(begin, tmp_path):
    project = official_project_of(tmp_path)
    links = [link.version for link in dataset_links(project)]
    pinned = [{"dataset_id": each.dataset_id, "version": each.number} for each in links]
    training = begin("paddle3-py311", project=project, trainers=2, datasets=pinned)
    log = training.succeeds()
    [first, _, last] = re.findall(r"\[trainer-0\] epoch \d accuracy (\S+)", log)
    assert 0.5 < float(first) < float(last) and float(last) > 0.9
    assert curves(training) == ["trainer-0", "trainer-1"]
    log = start_next(training.task).succeeds()
    assert "[trainer-1] resumed after epoch 2" in log and "accuracy" not in log


def test_two_ranks_of_pytorch_lose_what_one_process_loses(begin):
    """Data parallel training of half a batch each is training on the whole batch."""
    both, alone = begin("torch-py311", trainers=2), begin("torch-py311", trainers=1)
    expected = losses(alone.succeeds(), "trainer-0")
    assert len(expected) == 10 and expected[0] > 1 and expected[-1] < 0.02
    log = both.succeeds()
    for member in ("trainer-0", "trainer-1"):
        assert losses(log, member) == pytest.approx(expected, abs=1e-5), member
    assert curves(both) == ["trainer-0", "trainer-1"]
    assert (alone.output / "checkpoint.pt").is_file()


def test_each_trainer_of_scikit_learn_fits_a_model_of_its_own(begin):
    training = begin("sklearn-py311", trainers=2)
    accuracies = re.findall(r"\[(trainer-\d)\] epoch 9 accuracy (\S+)", training.succeeds())
    assert {member for member, _ in accuracies} == {"trainer-0", "trainer-1"}
    assert all(float(accuracy) > 0.9 for _, accuracy in accuracies)
    models = sorted(path.name for path in training.output.glob("*.joblib"))
    assert models == ["digits-0.joblib", "digits-1.joblib"]


def official_project_of(folder: Path) -> Project:
    """The official cluster project, installed as `lyceum up` does, with its dataset."""
    for name in ("datasets/mnist-5k", "projects/mnist-cluster", "tags.toml"):
        copy = shutil.copytree if (EXAMPLES / name).is_dir() else shutil.copy
        (folder / name).parent.mkdir(exist_ok=True)
        copy(EXAMPLES / name, folder / name)
    install_official_content(folder)
    found = official_project("mnist-cluster")
    assert (found.kind, found.main_file) == ("cluster", "train.py")
    return found


def parameters(environment: str, model: Path) -> tuple[list[float], list[float]]:
    """The weights and the bias that the saved model has, as Fluid loads it."""
    program = (
        "import sys, paddle.fluid as fluid\n"
        "exe = fluid.Executor(fluid.CPUPlace())\n"
        "fluid.io.load_inference_model(sys.argv[1], exe)\n"
        "for name in ('fc_0.w_0', 'fc_0.b_0'):\n"
        "    value = fluid.global_scope().find_var(name).get_tensor()\n"
        "    print(' '.join(repr(float(each)) for each in fluid.core.LoDTensor.__array__(value)"
        ".ravel()))\n"
    )
    told = subprocess.run(
        [str(environments.python(environment)), "-c", program, str(model)],
        env={"PATH": os.environ["PATH"], "GLOG_minloglevel": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    weights, bias = told.stdout.splitlines()[-2:]
    return [float(each) for each in weights.split()], [float(each) for each in bias.split()]


FLEET = b"""
import numpy as np
import paddle.fluid as fluid
from paddle.fluid.incubate.fleet.base import role_maker
from paddle.fluid.incubate.fleet.parameter_server.distribute_transpiler import fleet

fleet.init(role_maker.PaddleCloudRoleMaker())
x = fluid.layers.data(name="x", shape=[13], dtype="float32")
y = fluid.layers.data(name="y", shape=[1], dtype="float32")
loss = fluid.layers.mean(fluid.layers.square_error_cost(fluid.layers.fc(x, 1), y))
optimizer = fleet.distributed_optimizer(fluid.optimizer.SGD(0.05))
optimizer.minimize(loss)
if fleet.is_server():
    fleet.init_server()
    fleet.run_server()
else:
    fleet.init_worker()
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fleet.startup_program)
    numbers = np.random.RandomState(fleet.worker_index())
    for epoch in range(40):
        batch = numbers.normal(size=(32, 13)).astype("float32")
        feed = {"x": batch, "y": batch.sum(1, keepdims=True) + 4}
        print("epoch %d loss %f" % (epoch, exe.run(fleet.main_program, feed, [loss])[0]))
    fleet.stop_worker()
"""

LAUNCH = b"""
import subprocess, sys
launch = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2"]
sys.exit(subprocess.call(launch + ["--log_dir", "output/launch", "each.py"]))
"""

EACH = b"""
import paddle, paddle.distributed as dist
dist.init_parallel_env()
total = paddle.to_tensor([float(dist.get_rank())])
dist.all_reduce(total)
with open("output/rank-%d" % dist.get_rank(), "w") as file:
    file.write("%s of %d" % (float(total[0]), dist.get_world_size()))
"""
