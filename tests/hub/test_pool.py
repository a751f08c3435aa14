"""Sandboxes started ahead: quick, used once, and holding nothing of anybody before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from lyceum.engine.workload import Forward, Limits, Mount, Workload
from lyceum.hub import pool, server
from tests.hub.notebook import Notebook
from tests.hub.stack import Stack, wait_until


@pytest.fixture
def workload() -> Workload:
    return Workload(
        argv=server.argv("33852"),
        name="notebook 33852",
        cwd=server.HOME,
        env={"LANG": "C.UTF-8", "LYCEUM_PROJECT_TOKEN": "secret", "JUPYTERHUB_API_TOKEN": "key"},
        mounts=(
            Mount(Path("/data/projects/33852/home"), server.HOME, writable=True),
            Mount(Path("/data/datasets/5/1"), server.HOME / "data/data5"),
            Mount(Path("/data/environments/x"), PurePosixPath("/data/environments/x")),
        ),
        limits=Limits(memory_bytes=1 << 30),
        network="open",
        listen=server.LISTEN_PORT,
        forwards=(Forward(server.HUB_PORT, "127.0.0.1:8002"),),
        hostname="project-33852",
        labels={"user": "30799", server.LABEL: "30799/33852"},
    )


def test_a_waiting_sandbox_holds_nothing_of_a_project(workload: Workload) -> None:
    waiting = pool.blank(workload)
    assert "33852" not in repr(waiting)
    assert "30799" not in repr(waiting)
    assert not any(mount.writable for mount in waiting.mounts)
    assert not {"secret", "key"} & set(waiting.env.values())


@pytest.mark.parametrize(
    "change",
    [
        {"limits": Limits(memory_bytes=1 << 31)},
        {"limits": Limits(memory_bytes=1 << 30, gpus=1)},
        {"network": "none"},
        {"forwards": ()},
        {"mounts": (Mount(Path("/other"), PurePosixPath("/other")),)},
    ],
)
def test_it_fits_only_a_workload_with_the_same_limits_and_reach(
    workload: Workload, change: dict[str, object]
) -> None:
    assert pool.blank(replace(workload, **change)) != pool.blank(workload)


@pytest.mark.sandbox
def test_a_start_takes_the_waiting_sandbox_and_another_one_follows(stack: Stack) -> None:
    person = stack.people(["early"])["early"]
    first, second = person.projects
    stack.run(person, first)
    before = Notebook(stack, person, first)
    before.page("lab")
    before.channel(before.start_kernel()).execute("open('private.txt', 'w').write('mine')")

    waiting = wait_until(stack.waiting_sandbox, "a sandbox started ahead", 180)
    stack.run(person, second)
    assert stack.server(person, second)["state"]["run_id"] == waiting

    notebook = Notebook(stack, person, second)
    notebook.page("lab")
    channel = notebook.channel(notebook.start_kernel())
    assert channel.execute("import os; print(os.getcwd())").strip() == "/home/aistudio"
    assert f"{second}.ipynb" in channel.execute("print(os.listdir())")
    assert "private.txt" not in channel.execute("print(os.listdir())")
    assert "sklearn" in channel.execute("import sklearn; print(sklearn.__name__)")
    assert channel.execute("print('LYCEUM_ZYGOTE_SECRET' in os.environ)").strip() == "False"
    assert wait_until(stack.waiting_sandbox, "the next sandbox", 180) != waiting
