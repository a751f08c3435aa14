"""A worker in the engine's sandbox, whose converter would do harm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from lyceum import environments
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import Limits, Mount, RunState, Workload
from tests.runtime import onnxfile
from tests.runtime.gateway import Gateway
from tests.runtime.making import PREDICTOR, REPLICA, Bundle

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(900)]

MEGABYTE = 1024 * 1024
CONVERTER = """
import os, socket
import numpy as np

def reader_infer(data_args):
    do = data_args.get("do")
    if do == "memory":
        [np.ones(1 << 24) for _ in range(80)]
    if do == "disk":
        with open("/tmp/full", "wb") as file:
            for _ in range(10000):
                file.write(b"x" * (1 << 20))
    if do == "net":
        socket.create_connection(("1.1.1.1", 53), 2)
    if do == "bundle":
        open("/serving/bundle/service.json", "w")
    if do == "gateway":
        os.unlink("/serving/gateway/socket")
    if do == "platform":
        return {"x": np.full((1, 13), len(os.listdir("/home/aistudio")) + os.getuid(), "float32")}
    return np.ones((1, 13))

def output(results, data_args):
    return [float(results[0][0, 0]), os.getcwd(), open("note.txt").read()]
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(tmp_path / "platform")
    yield made
    for status in made.runs():
        made.stop(status.run_id, grace=0)


def start(engine: LocalEngine, service: Bundle) -> tuple[str, Gateway]:
    gateway = Gateway(service.root / "gateway")
    service.gateway = gateway
    program = PurePosixPath("/opt/lyceum/predictor")
    workload = Workload(
        argv=tuple(service.argv("serve", program)),
        cwd=PurePosixPath("/serving/bundle"),
        env={"LYCEUM_REPLICA": REPLICA},
        mounts=(
            Mount(service.root / "bundle", PurePosixPath("/serving/bundle")),
            Mount(service.root / "gateway", PurePosixPath("/serving/gateway")),
            Mount(PREDICTOR, program),
            *environments.mounts(service.environment),
        ),
        limits=Limits(cpus=1, memory_bytes=400 * MEGABYTE, processes=64, disk_bytes=64 * MEGABYTE),
    )
    return engine.start(workload), gateway


def test_a_hostile_converter_harms_its_own_call_and_no_more(
    engine: LocalEngine, bundle: Callable[[str], Bundle], tmp_path: Path
) -> None:
    service = bundle("sklearn-py311")
    models = tmp_path / "models"
    models.mkdir()
    (models / "linear.onnx").write_bytes(onnxfile.linear([0.5] * 13, 1.0))
    (models / "note.txt").write_text("beside")
    service.write(models, "onnx", "linear.onnx", converter=CONVERTER, timeout_seconds=20)
    run_id, gateway = start(engine, service)
    gateway.ready()
    good = (0, [7.5, "/serving/bundle/model", "beside"])

    assert gateway.call({}) == [good]
    harmless = gateway.call(*({"do": each} for each in ("disk", "net", "bundle", "gateway")))
    assert [status for status, _ in harmless] == [1, 1, 1, 1], harmless
    assert gateway.call({"do": "platform"}, {})[1] == good

    gateway.send({"do": "memory"})
    with pytest.raises((EOFError, ConnectionError)):
        gateway.receive()
    gateway.ready()
    assert gateway.call({}) == [good]

    began = time.monotonic()
    status = engine.stop(run_id, grace=5)
    assert status.state == RunState.STOPPED
    assert time.monotonic() - began < 4
