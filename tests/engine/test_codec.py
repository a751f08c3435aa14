from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest

from lyceum.engine import codec
from lyceum.engine.base import Status
from lyceum.engine.workload import Forward, Limits, Member, Mount, RunState, Workload

FULL = Workload(
    argv=("python", "-m", "x"),
    name="notebook 33852",
    cwd=PurePosixPath("/home/aistudio"),
    env={"LANG": "zh_CN.UTF-8", "名": "值"},
    mounts=(Mount(Path("/srv/a"), PurePosixPath("/home/aistudio"), True),),
    limits=Limits(cpus=1.5, memory_bytes=1 << 30, wall_seconds=60),
    network="open",
    listen=8888,
    forwards=(Forward(8001, "127.0.0.1:8001"),),
    labels={"project": "33852"},
    members=(Member("trainer", 1, ("python", "main.py"), {"RANK": "1"}),),
)


def test_a_workload_comes_back_as_it_went():
    assert codec.from_json(codec.to_json(FULL)) == FULL
    smallest = Workload(argv=("true",))
    assert codec.from_json(codec.to_json(smallest)) == smallest


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        "not json",
        '{"argv": ["x"], "memory": 5}',
        '{"argv": ["x"], "limits": {"ram": 5}}',
        '{"argv": ["x"], "mounts": [{"source": "/a"}]}',
        '{"argv": ["x"], "members": [{"role": "trainer", "argv": ["x"]}]}',
    ],
)
def test_what_is_no_workload_is_refused(text):
    with pytest.raises(ValueError):
        codec.from_json(text)


def test_a_status_comes_back_and_a_state_file_may_hold_more():
    status = Status("r1", RunState.FAILED, exit_code=3, reason="exit", labels={"a": "b"})
    assert codec.status_from_json(codec.status_to_json(status)) == status
    record = json.loads(codec.status_to_json(status)) | {"address": "127.0.0.1:1"}
    assert codec.status_from_record(record) == status
    with pytest.raises(ValueError):
        codec.status_from_json('{"run_id": "x"}')
