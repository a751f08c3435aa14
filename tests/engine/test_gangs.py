from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lyceum.engine import runfolder
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import RunState
from tests.engine import contract
from tests.engine.conftest import stop_all, until

pytestmark = pytest.mark.sandbox


class TestInASandbox(contract.Gangs):
    """The whole contract."""


class TestWithoutASandbox(contract.Gangs):
    """And all of it for who has switched isolation off."""

    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[LocalEngine]:
        made = LocalEngine(tmp_path / "platform", sandbox="off")
        yield made
        stop_all(made)


def test_members_without_a_sandbox_end_with_their_shim(tmp_path: Path):
    """A run that is lost may be started anew: nothing of it may go on."""
    # The watchdog: a control group would take them along when the run is called lost.
    engine = LocalEngine(tmp_path / "platform", sandbox="off", limiter="watchdog")
    mount = contract.workspace(tmp_path / "workspace")
    beat = f"while :; do date >> {contract.WORKSPACE}/beats; sleep 0.05; done"
    members = tuple(contract.member(beat, index=index) for index in range(2))
    run_id = engine.start(contract.gang(*members, mounts=(mount,)), run_id="r")
    beats = mount.source / "beats"
    until(lambda: beats.exists() and beats.stat().st_size > 500)
    record = runfolder.read_json(str(engine.log_path(run_id).parent), runfolder.STATE)
    os.kill(record["shim"]["pid"], signal.SIGKILL)
    until(lambda: not engine.status(run_id).alive)
    assert engine.status(run_id).state == RunState.LOST
    until(lambda: is_still(beats))


def is_still(path: Path) -> bool:
    before = path.stat().st_size
    time.sleep(0.3)
    return path.stat().st_size == before
