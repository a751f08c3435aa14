"""An engine over a folder of its own; what a test starts, it stops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lyceum.engine.base import Status
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import RunState, Workload


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(tmp_path / "platform")
    yield made
    stop_all(made)


@pytest.fixture(params=["own user", "platform's user"])
def either_engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LocalEngine]:
    """Also as it is where a run can't have a host user of its own."""
    made = LocalEngine(tmp_path / "platform", own_user=request.param == "own user")
    yield made
    stop_all(made)


def stop_all(engine: LocalEngine) -> None:
    for status in engine.runs():
        engine.stop(status.run_id, grace=0)


def shell(script: str, **fields) -> Workload:
    return Workload(argv=("/bin/bash", "-c", script), **fields)


def finish(engine: LocalEngine, workload: Workload, *, timeout: float = 30) -> tuple[Status, str]:
    """Run to the end: the final status and the whole log."""
    run_id = engine.start(workload)
    status = engine.wait(run_id, timeout=timeout)
    return status, engine.log_path(run_id).read_text(errors="replace")


def until(condition: Callable[[], object], *, timeout: float = 10) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def running(engine: LocalEngine, workload: Workload) -> str:
    """Start and return once the program runs."""
    run_id = engine.start(workload)
    until(lambda: engine.status(run_id).state not in (RunState.QUEUED, RunState.STARTING))
    assert engine.status(run_id).state == RunState.RUNNING, engine.status(run_id)
    return run_id
