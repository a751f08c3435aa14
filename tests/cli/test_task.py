"""``lyceum task``, as a learner types it against a platform; and the SDK below it."""

from __future__ import annotations

import json
import re
import signal
import tarfile
from pathlib import Path

import httpx
import pytest

from lyceum.cli.problems import ExitCode
from lyceum.sdk import Client, LyceumError
from tests.cli.learner import Learner
from tests.support.platform import Platform

pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.timeout(900)]

FOREVER = "import time\nwhile True:\n    print('still here')\n    time.sleep(0.2)\n"


@pytest.fixture(scope="module")
def learner(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Learner:
    token = platform.token("task-learner")
    known = Learner(tmp_path_factory.mktemp("home"), platform.url, token)
    known.run("login", platform.url, "--token", token)
    return known


@pytest.fixture
def project(learner: Learner) -> str:
    """The number of a new cluster project, with the sample code of scikit-learn."""
    body = {"name": "数字", "environment": "sklearn-py311", "kind": "cluster"}
    headers = {"Authorization": f"Bearer {learner.token}"}
    made = httpx.post(f"{learner.address}/api/v1/projects", json=body, headers=headers)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def write(platform: Platform, project: str, path: str, text: str) -> None:
    (platform.home / "projects" / project / "home" / path).write_text(text)


def test_submit_follow_list_logs_output(learner: Learner, project: str, tmp_path: Path) -> None:
    words = ("task", "submit", "-p", project, "--note", "两个模型", "--trainers", "2", "--follow")
    log = learner.run(*words)
    assert "[trainer-1] epoch 9 accuracy 0.9" in log
    [task] = json.loads(learner.run("task", "list", "-p", project, "--json"))
    told = {name: task[name] for name in ("note", "trainers", "version", "state")}
    assert told == {"note": "两个模型", "trainers": 2, "version": 1, "state": "succeeded"}
    number = str(task["id"])
    listed = learner.run("task", "list")
    assert "两个模型" in listed and "succeeded" in listed and "2 × 1 CPU" in listed
    assert learner.run("task", "logs", number) == log
    alone = learner.run("task", "logs", number, "--member", "trainer-1").splitlines()
    assert alone == [line for line in log.splitlines() if line.startswith("[trainer-1]")]

    learner.run("task", "output", number, "-o", str(tmp_path))
    with tarfile.open(tmp_path / f"{number}_output.tar.gz") as archive:
        assert {"output/digits-0.joblib", "output/digits-1.joblib"} <= set(archive.getnames())
    learner.run("task", "output", number, "-o", str(tmp_path), "--log")
    with tarfile.open(tmp_path / f"{number}_log.tar.gz") as archive:
        assert {"trainer-0.log", "trainer-1.log"} <= set(archive.getnames())


def test_a_failure_is_the_exit_code_of_following(
    learner: Learner, platform: Platform, project: str
) -> None:
    write(platform, project, "bad.py", "print('begun')\nraise SystemExit(3)\n")
    words = ("task", "submit", "-p", project, "--main", "bad.py", "--follow", "--json")
    process = learner.start(*words)
    out, err = process.communicate(timeout=120)
    assert process.returncode == ExitCode.FAILED
    assert json.loads(out)["exit_code"] == 3
    assert "[trainer-0] begun" in err and "failed, exit code 3" in err
    refused = learner.run(
        "task", "submit", "-p", project, "--main", "none.py", code=ExitCode.FAILED
    )
    assert "none.py" in refused
    assert "--state is one of" in learner.run(
        "task", "list", "--state", "gone", code=ExitCode.USAGE
    )


def test_ctrl_c_stops_looking_and_stop_stops_the_task(
    learner: Learner, platform: Platform, project: str
) -> None:
    write(platform, project, "forever.py", FOREVER)
    looking = learner.start("task", "submit", "-p", project, "--main", "forever.py", "-f")
    assert looking.stdout is not None
    assert "[trainer-0] still here" in looking.stdout.readline()
    looking.send_signal(signal.SIGINT)
    _, err = looking.communicate(timeout=60)
    assert looking.returncode == ExitCode.INTERRUPTED and "Traceback" not in err
    [number] = re.findall(r"The task goes on: lyceum task logs -f (\d+)", err)
    follower = learner.start("task", "logs", "-f", number)
    assert follower.stdout is not None
    assert "[trainer-0] still here" in follower.stdout.readline()
    assert "stopped" in learner.run("task", "stop", number)
    follower.communicate(timeout=60)
    assert follower.returncode == ExitCode.OK
    assert "stopped" in learner.run("task", "stop", number)  # once more does no harm


def test_the_sdk_waits_notes_and_deletes(learner: Learner, project: str) -> None:
    with Client(learner.address, learner.token) as client:
        task = client.tasks.submit(int(project), note="one")
        assert client.tasks.edit(task.id, note="two").note == "two"
        ended = client.tasks.wait(task.id)
        assert (ended.state, ended.exit_code, ended.reason) == ("succeeded", 0, "exit")
        assert ended.submitted <= ended.started <= ended.ended
        assert "".join(client.tasks.logs(task.id, follow=True)).startswith("[")
        assert client.tasks.usage(task.id).cpu_seconds > 0
        with pytest.raises(LyceumError) as refused:
            client.tasks.output(0)
        assert refused.value.code == "no_such_task"
        client.tasks.delete(task.id)
        assert task.id not in [each.id for each in client.tasks.list()]
