"""``/api/v1/tasks``: what a program does with tasks, and its refusals."""

from __future__ import annotations

import io
import json
import tarfile
from http import HTTPStatus

import pytest
from django.test import Client

from lyceum.engine.logfile import DROPPED
from lyceum.tasks import folders
from lyceum.tasks.models import Task
from tests.support.program import API, Program
from tests.tasks.making import make_task


def archive(ask: Program, path: str) -> tarfile.TarFile:
    answer = ask.client.get(API + path)
    assert answer.headers["Content-Type"] == "application/gzip"
    content = io.BytesIO(b"".join(answer.streaming_content))
    return tarfile.open(fileobj=content, mode="r:gz")


@pytest.fixture
def ask(lin) -> Program:
    return Program(lin)


@pytest.fixture
def ended(cluster) -> Task:
    """A task of two trainers that succeeded; its log and output are the tests' to write."""
    task = make_task(cluster, state="succeeded", attempt=1, archived=True, trainers=2)
    folders.logs(task.pk).mkdir(parents=True)
    folders.output(task.pk).mkdir()
    return task


def write_log(task: Task, text: bytes, *, attempt: int = 1, node: str = "here") -> None:
    (folders.logs(task.pk) / f"{attempt}-{node}.log").write_bytes(text)


def test_a_task_is_submitted_noted_stopped_and_deleted(ask, cluster):
    body = {"note": "lr=0.01", "trainers": 2, "pservers": 1, "time_limit_minutes": 5}
    status, task = ask("POST", f"/projects/{cluster.pk}/tasks", body)
    assert status == HTTPStatus.CREATED
    told = {name: task[name] for name in ("note", "trainers", "pservers", "cpus", "gpus")}
    assert told == {"note": "lr=0.01", "trainers": 2, "pservers": 1, "cpus": 1, "gpus": 0}
    assert (task["main_file"], task["environment"]) == ("main.py", "sklearn-py311")
    assert (task["state"], task["place"], task["reason"]) == ("queued", 1, None)
    assert task["waits_for"] == "It starts next." and task["time_limit_seconds"] == 300
    assert task["page"].endswith(f"/tasks/{task['id']}/")
    place = f"/tasks/{task['id']}"
    status, task = ask("PATCH", place, {"note": "lr=0.02"})
    assert (status, task["note"]) == (HTTPStatus.OK, "lr=0.02")
    status, task = ask("POST", place + "/stop")
    assert (status, task["state"], task["place"]) == (HTTPStatus.OK, "stopped", None)
    assert task["reason"] == "stopped" and task["ended"]
    assert ask("DELETE", place) == (HTTPStatus.NO_CONTENT, None)
    assert ask("GET", place)[1]["code"] == "no_such_task"


def test_lists_are_read_page_by_page_and_by_state(ask, cluster):
    first, second, third = (make_task(cluster, note=name) for name in "abc")
    Task.objects.filter(pk=second.pk).update(state="failed")
    status, page = ask("GET", f"/projects/{cluster.pk}/tasks?limit=2")
    assert status == HTTPStatus.OK
    assert [(each["note"], each["place"]) for each in page["items"]] == [("c", 2), ("b", None)]
    _, rest = ask("GET", f"/projects/{cluster.pk}/tasks?limit=2&cursor={page['next']}")
    assert [each["id"] for each in rest["items"]] == [first.pk] and rest["next"] is None
    _, mine = ask("GET", "/tasks?state=queued&state=running")
    assert [each["id"] for each in mine["items"]] == [third.pk, first.pk]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"trainers": 9}, 400, "out_of_range", "trainers"),
        ({"pservers": 5}, 400, "out_of_range", "pservers"),
        ({"cpus": 0}, 422, "invalid_request", "body.body.cpus"),
        ({"main_file": "none.py"}, 400, "main_file_missing", "main_file"),
        ({"main_file": "../main.py"}, 400, "main_file_missing", "main_file"),
        ({"main_file": "main.txt"}, 400, "main_file_kind", "main_file"),
        ({"gpus": 1}, 400, "no_gpus", "gpus"),
        ({"environment": "none"}, 400, "no_such_environment", "environment"),
        ({"version": 99}, 404, "no_such_version", None),
        ({"time_limit_minutes": 1441}, 400, "out_of_range", "time_limit_minutes"),
    ],
)
def test_a_submission_is_refused_with_what_is_wrong(ask, cluster, body, status, code, field):
    told, problem = ask("POST", f"/projects/{cluster.pk}/tasks", body)
    assert (told, problem["code"], problem["field"]) == (status, code, field)
    assert not Task.objects.exists()


def test_others_see_no_tasks_even_of_a_shared_project(cluster, ended, amy):
    cluster.visibility = "shared"
    cluster.save()
    amys = Program(amy)
    for path in ("", "/log", "/usage", "/output", "/log-archive"):
        status, problem = amys("GET", f"/tasks/{ended.pk}{path}")
        assert (status, problem["code"]) == (404, "no_such_task"), path
    assert amys("POST", f"/tasks/{ended.pk}/stop")[0] == 404
    assert amys("DELETE", f"/tasks/{ended.pk}")[0] == 404
    assert amys("GET", f"/projects/{cluster.pk}/tasks")[0] == 403
    assert amys("POST", f"/projects/{cluster.pk}/tasks", {})[0] == 403
    assert amys("GET", "/tasks")[1]["items"] == []
    assert Client().get(f"{API}/tasks/{ended.pk}").status_code == 401


def read_all(ask: Program, task: Task, query: str = "") -> str:
    """Every piece, from the first to the last one."""
    found, cursor = [], ""
    for _ in range(100):
        status, piece = ask("GET", f"/tasks/{task.pk}/log?cursor={cursor}{query}")
        assert status == HTTPStatus.OK
        found.append(piece["text"])
        cursor = piece["next"]
        if piece["is_over"]:
            return "".join(found)
    raise AssertionError("it does not end")


def test_a_log_is_read_to_its_end_piece_by_piece(ask, ended):
    lines = [f"[trainer-{number % 2}] 第 {number} 步 {'x' * 80}\n" for number in range(3000)]
    write_log(ended, "".join(lines).encode())
    assert read_all(ask, ended) == "".join(lines)
    assert read_all(ask, ended, "&member=trainer-1") == "".join(lines[1::2])
    status, problem = ask("GET", f"/tasks/{ended.pk}/log?member=trainer-2")
    assert (status, problem["code"]) == (400, "no_such_member")
    for cursor in ("none", "1/0:0", "1/x:0:0", "-1/"):
        status, problem = ask("GET", f"/tasks/{ended.pk}/log?cursor={cursor}")
        assert (status, problem["code"]) == (400, "bad_cursor"), cursor


def test_a_log_goes_on_with_the_next_attempt(ask, ended):
    write_log(ended, b"[trainer-0] first\n")
    _, piece = ask("GET", f"/tasks/{ended.pk}/log")
    assert (piece["text"], piece["is_over"]) == ("[trainer-0] first\n", True)
    ended.attempt = 2
    ended.save()
    write_log(ended, b"[trainer-0] again\n", attempt=2)
    _, between = ask("GET", f"/tasks/{ended.pk}/log?cursor={piece['next']}")
    assert (between["text"], between["is_over"]) == ("", False)
    _, piece = ask("GET", f"/tasks/{ended.pk}/log?cursor={between['next']}")
    assert (piece["text"], piece["is_over"]) == ("[trainer-0] again\n", True)


def test_each_nodes_lines_are_read_once(ask, ended):
    write_log(ended, b"[trainer-0] here\n", node="one")
    write_log(ended, b"[trainer-1] there\n", node="two")
    assert read_all(ask, ended) == "[trainer-0] here\n[trainer-1] there\n"


def test_lines_dropped_before_they_were_read_are_told_of(ask, ended):
    write_log(ended, b"[trainer-0] old\n")
    cursor = ask("GET", f"/tasks/{ended.pk}/log")[1]["next"]
    older = folders.logs(ended.pk) / "1-here.log.1"
    older.write_bytes(b"cut\n[trainer-0] kept\n")
    write_log(ended, DROPPED + b"[trainer-0] new\n")
    _, piece = ask("GET", f"/tasks/{ended.pk}/log?cursor={cursor}")
    assert piece["skipped"] and piece["is_over"]
    assert read_all(ask, ended).endswith("[trainer-0] kept\n[trainer-0] new\n")


def test_a_task_that_never_started_has_no_log(ask, cluster):
    queued, stopped = make_task(cluster), make_task(cluster, state="stopped", archived=True)
    for task, is_over in ((queued, False), (stopped, True)):
        _, piece = ask("GET", f"/tasks/{task.pk}/log")
        assert (piece["text"], piece["is_over"]) == ("", is_over)


def test_output_and_log_are_fetched_as_archives(ask, ended):
    (folders.output(ended.pk) / "model.txt").write_text("weights")
    write_log(ended, b"[trainer-0] a\n[lyceum] b\n")
    with archive(ask, f"/tasks/{ended.pk}/output") as packed:
        assert packed.extractfile("output/model.txt").read() == b"weights"
    with archive(ask, f"/tasks/{ended.pk}/log-archive") as packed:
        assert packed.extractfile("trainer-0.log").read() == b"a\n"


def test_use_is_told_since_a_moment(ask, ended):
    samples = [{"t": 10.0 * n, "cpu": 1.5, "memory": 5, "processes": 2} for n in range(1, 4)]
    text = "".join(json.dumps(sample) + "\n" for sample in samples)
    folders.usage_file(ended.pk).write_text(text)
    status, use = ask("GET", f"/tasks/{ended.pk}/usage?since=15")
    assert status == HTTPStatus.OK
    assert use["samples"] == [{**sample, "gpu": None} for sample in samples[1:]]
