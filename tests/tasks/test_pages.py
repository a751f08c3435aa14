"""The pages of tasks: who sees them, what they say, what they cost."""

from __future__ import annotations

import asyncio
import io
import json
import re
import tarfile
from datetime import timedelta

import pytest
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone, translation

from lyceum.projects import workfolder
from lyceum.projects.actions import save_version
from lyceum.tasks import folders, logstream, sentences
from lyceum.tasks.models import Task
from lyceum.tasks.pages import numbers
from tests.tasks.making import make_cluster, make_task

BACKEND = "django.contrib.auth.backends.ModelBackend"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def browser_of():
    def of(user) -> Client:
        client = Client()
        client.force_login(user, backend=BACKEND)
        return client

    return of


@pytest.fixture
def client(browser_of, lin):
    return browser_of(lin)


def page(client: Client, name: str, *numbers_of: int, status: int = 200, **query) -> str:
    response = client.get(reverse(f"tasks:{name}", args=numbers_of), query)
    assert response.status_code == status
    return response.content.decode()


def ended(cluster, **fields) -> Task:
    """A task that ended an hour ago after 95 s, put away."""
    task = make_task(
        cluster, **{"state": "succeeded", "attempt": 1, "archived": True, "exit_code": 0, **fields}
    )
    task.started = timezone.now() - timedelta(hours=1)
    task.ended = task.started + timedelta(seconds=95)
    task.save()
    return task


def write_log(task: Task, text: str) -> None:
    folders.logs(task.pk).mkdir(parents=True, exist_ok=True)
    (folders.logs(task.pk) / f"{task.attempt}-local.log").write_text(text)


ADDRESSES = [
    *("task", "state", "usage", "note", "download_log", "download_output"),
    *("log", "log_piece", "log_search", "log_stream"),
]


@pytest.mark.parametrize("name", ADDRESSES)
def test_others_see_nothing_of_a_task(name, amy, cluster, browser_of):
    cluster.visibility = "shared"
    cluster.save()
    task = ended(cluster)
    where = reverse(f"tasks:{name}", args=[task.pk])
    assert browser_of(amy).get(where).status_code == 404
    assert Client().get(where).status_code == 302


def test_others_do_nothing_to_a_task(amy, cluster, browser_of):
    task = make_task(cluster)
    for name in ("stop", "delete"):
        assert browser_of(amy).post(reverse(f"tasks:{name}", args=[task.pk])).status_code == 404
    task.refresh_from_db()
    assert task.state == Task.State.QUEUED
    where = reverse("tasks:history", args=[cluster.pk])
    assert browser_of(amy).get(where).status_code == 404


def test_the_history_tells_what_the_guide_lists(client, cluster):
    task = ended(cluster, note="learning rate 0.1", trainers=2, pservers=1)
    text = page(client, "history", cluster.pk)
    for said in (
        f"#{task.pk}",
        "learning rate 0.1",
        f"Version {task.version.number}</a>",
        "scikit-learn",
        "2 trainers, 1 parameter server",
        "1 core, 512 MB",
        "1 min 35 sec",
        "Succeeded",
        reverse("tasks:download_output", args=[task.pk]),
        reverse("tasks:download_log", args=[task.pk]),
        f"{reverse('editor:editor', args=[cluster.pk])}?version={task.version.number}",
    ):
        assert said in text
    assert "Stop task" not in text


def test_a_running_task_has_its_log_shown_and_can_be_stopped(client, cluster):
    task = make_task(cluster, state="running", attempt=1, started=timezone.now())
    text = page(client, "history", cluster.pk)
    assert "View log" in text
    assert f"Stop task {task.pk}?" in text
    text = page(client, "task", task.pk)
    assert f"Stop task {task.pk}?" in text


def test_a_waiting_task_tells_its_place_and_why(client, cluster):
    first, second = make_task(cluster), make_task(cluster, stage="own_tasks")
    assert "Place 1 in the queue. It starts next." in page(client, "task", first.pk)
    text = page(client, "history", cluster.pk)
    assert "Place 2 in the queue. It waits for another task of yours to end" in text
    assert reverse("tasks:download_log", args=[second.pk]) not in text


def test_the_history_comes_in_pages_that_cost_the_same(
    client, cluster, django_assert_max_num_queries
):
    for number in range(35):
        ended(cluster, note=f"n{number}.")
    with django_assert_max_num_queries(6):
        text = page(client, "history", cluster.pk)
    assert text.count('id="task-') == 30 * 4  # a row and three cells that change
    more = re.search(r'hx-get="([^"]*cursor[^"]*)"', text)[1]
    rest = client.get(more, **HTMX).content.decode()
    assert "n4." in rest
    assert "n5." not in rest
    assert "<html" not in rest
    assert "cursor" not in rest


def live_query(text: str) -> dict[str, str]:
    found = re.search(r'id="tasks-live"[^>]*hx-get="[^"?]*\?([^"]*)"', text)[1]
    return dict(part.split("=") for part in found.replace("&amp;", "&").split("&"))


def test_the_history_follows_what_changes_and_nothing_else(
    client, cluster, django_assert_max_num_queries
):
    old = ended(cluster)
    task = make_task(cluster, state="running", attempt=1, started=timezone.now())
    asked = live_query(page(client, "history", cluster.pk))
    assert asked["ids"] == str(task.pk)
    where = reverse("tasks:live", args=[cluster.pk])
    with django_assert_max_num_queries(5):
        assert client.get(where, asked).status_code == 204

    Task.objects.filter(pk=task.pk).update(state="failed", reason="exit", exit_code=3)
    fresh = make_task(cluster, note="newer")
    text = client.get(where, asked).content.decode()
    assert f'id="task-{task.pk}-state" hx-swap-oob="true"' in text
    assert "The program ended with exit code 3." in text
    assert f'id="task-{fresh.pk}"' in text
    assert f"task-{old.pk}" not in text
    again = live_query(text)
    assert again["newest"] == str(fresh.pk)
    assert client.get(where, again).status_code == 204


def test_a_task_page_asks_for_what_has_changed(client, cluster):
    task = make_task(cluster)
    seen = re.search(r"seen=(\w+)", page(client, "task", task.pk))[1]
    page(client, "state", task.pk, seen=seen, status=204)
    Task.objects.filter(pk=task.pk).update(state="starting", attempt=1)
    text = page(client, "state", task.pk, seen=seen)
    assert 'data-attempt="1"' in text
    assert "Its sandbox is being made." in text
    assert 'id="task-actions" hx-swap-oob="true"' in text


ENDINGS = [
    ({"reason": "exit", "exit_code": 3}, "The program ended with exit code 3."),
    ({"reason": "signal", "signal": 11}, "The program was ended by the signal SIGSEGV."),
    ({"reason": "signal", "signal": 200}, "The program was ended by the signal 200."),
    ({"reason": "out_of_memory"}, "It needed more memory than the 512 MB"),
    ({"reason": "time_limit"}, "It reached its time limit of 10 min."),
    ({"reason": "disk_limit"}, "It wrote more than the 10240 MB"),
    ({"reason": "process_limit"}, "It started more than the 256 processes"),
    ({"reason": "lost", "detail": "node n7 is gone"}, "node n7 is gone"),
    ({"reason": "not_started"}, "It could not be started."),
    ({"reason": "environment"}, "Its environment could not be had."),
    ({"state": "stopped", "reason": "stopped"}, "It was stopped."),
]


@pytest.mark.parametrize(("fields", "sentence"), ENDINGS, ids=lambda value: str(value)[:30])
def test_how_a_task_ended_is_said(fields, sentence, client, cluster):
    task = ended(cluster, **{"state": "failed", "exit_code": None, **fields})
    assert sentence in page(client, "task", task.pk)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 sec"), (59.6, "1 min"), (61, "1 min 1 sec"), (3600, "1 hr"), (90_000, "25 hr")],
)
def test_lengths_are_said_in_two_units_at_most(seconds, words):
    with translation.override("en"):
        assert sentences.length_of(seconds) == words


def test_a_task_is_stopped_from_where_one_is(client, cluster):
    task = make_task(cluster)
    here = reverse("tasks:history", args=[cluster.pk])
    response = client.post(reverse("tasks:stop", args=[task.pk]), {"next": here})
    assert response.headers["Location"] == here
    task.refresh_from_db()
    assert task.state == Task.State.STOPPED
    other = client.post(reverse("tasks:stop", args=[task.pk]), {"next": "https://example.org/"})
    assert other.headers["Location"] == reverse("tasks:task", args=[task.pk])


def test_a_note_is_changed_in_a_dialog(client, cluster):
    task = ended(cluster)
    where = reverse("tasks:note", args=[task.pk])
    assert "<dialog" in client.get(where, **HTMX).content.decode()
    assert client.post(where, {"note": "x" * 101}).status_code == 422
    assert client.post(where, {"note": "批大小 64"}).status_code == 302
    task.refresh_from_db()
    assert task.note == "批大小 64"


def test_a_task_is_deleted_with_what_it_left(client, cluster):
    task = ended(cluster)
    write_log(task, "[trainer-0] x\n")
    client.post(reverse("tasks:delete", args=[task.pk]))
    assert not Task.objects.filter(pk=task.pk).exists()
    assert not folders.task_folder(task.pk).exists()


def test_notes_and_names_are_text_wherever_they_stand(client, cluster):
    hostile = "<script>alert(1)</script>\"'"
    task = ended(cluster, note=hostile, detail=hostile, state="failed", reason="lost")
    other = ended(cluster)
    root = folders.output(task.pk)
    root.mkdir(parents=True)
    (root / "<img src=x>\n").write_text("")
    texts = [
        page(client, "history", cluster.pk),
        page(client, "task", task.pk),
        page(client, "compare", cluster.pk, a=task.pk, b=other.pk),
    ]
    for text in texts:
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_output_is_listed_as_it_is_and_nothing_beyond(client, cluster, tmp_path):
    task = ended(cluster)
    assert "Nothing yet. What the program writes" in page(client, "task", task.pk)
    root = folders.output(task.pk)
    (root / "log").mkdir(parents=True)
    (root / "log" / "loss.txt").write_text("1")
    (root / "all").symlink_to(tmp_path)
    text = page(client, "task", task.pk)
    assert "log/loss.txt" in text
    assert str(tmp_path) not in text


def test_what_a_task_used_is_told_from_a_moment_on(client, cluster):
    task = ended(cluster)
    folders.task_folder(task.pk).mkdir(parents=True)
    lines = [
        {"t": 100.0 + 2 * n, "cpu": 0.5, "memory": 1000 * n, "processes": 3} for n in range(10)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    folders.usage_file(task.pk).write_text(text)
    told = json.loads(page(client, "usage", task.pk))
    assert told["active"] is False
    assert [sample["t"] for sample in told["samples"]] == [100.0 + 2 * n for n in range(10)]
    later = json.loads(page(client, "usage", task.pk, since="115.9"))
    assert [sample["t"] for sample in later["samples"]] == [116.0, 118.0]


def test_two_tasks_are_compared(client, lin, cluster):
    first = ended(cluster, note="0.1", trainers=1)
    workfolder.write_file(workfolder.home(cluster.pk), "main.py", b"print('other')\n")
    save_version(lin, cluster.pk)
    second = ended(cluster, note="0.2", trainers=2)
    chosen = client.post(
        reverse("tasks:compare", args=[cluster.pk]), {"task": [second.pk, first.pk]}
    )
    assert chosen.status_code == 302
    text = client.get(chosen.headers["Location"]).content.decode()
    for said in ("1 trainer<", "2 trainers<", "0.1", "0.2", "print(&#x27;other&#x27;)"):
        assert said in text
    assert text.count("tasks-differs") == 3  # note, version, members


@pytest.mark.parametrize("chosen", [[], ["1"], ["1", "1"], ["x", "y"], ["1", "9" * 30]])
def test_less_than_two_tasks_are_not_compared(chosen, client, cluster):
    ended(cluster)
    where = reverse("tasks:compare", args=[cluster.pk])
    assert client.post(where, {"task": chosen}).status_code == 400
    assert client.get(where).status_code == 404
    assert client.get(where, {"a": "1", "b": "9" * 16}).status_code == 404


def test_a_task_of_another_project_is_not_compared(client, lin, cluster):
    first = ended(cluster)
    other = ended(make_cluster(lin, name="Other"))
    where = reverse("tasks:compare", args=[cluster.pk])
    assert client.get(where, {"a": first.pk, "b": other.pk}).status_code == 404


def test_a_log_is_told_in_pieces(client, cluster):
    task = ended(cluster, trainers=2)
    text = "".join(f"[trainer-{n % 2}] line {n}\n" for n in range(2000))
    write_log(task, text)
    about = json.loads(page(client, "log", task.pk))
    (node,) = about["nodes"]
    assert (about["attempt"], about["attempts"], about["active"]) == (1, 1, False)
    assert node["members"] == ["trainer-0", "trainer-1"]
    assert node["end"] == len(text)
    place, found = node["end"], ""
    while place:
        query = {"before": place, "epoch": node["epoch"], "member": "trainer-1"}
        piece = json.loads(page(client, "log_piece", task.pk, **query))
        place, found = piece["start"], piece["text"] + found
    assert found == "".join(line for line in text.splitlines(True) if "[trainer-1]" in line)
    middle = json.loads(page(client, "log_piece", task.pk, at=len(text) // 2))
    assert text[middle["start"] - 1] == "\n"
    assert json.loads(page(client, "log_piece", task.pk, epoch="7", before=9))["gone"] is True
    found = json.loads(page(client, "log_search", task.pk, q="LINE 1999"))
    assert found["hits"] == [[text.index("[trainer-1] line 1999"), "trainer-1"]]


def test_a_log_that_is_not_there_is_said_to_be_so(client, cluster):
    task = make_task(cluster)
    assert json.loads(page(client, "log", task.pk))["nodes"] == []
    page(client, "log_piece", task.pk, status=404)
    page(client, "log_search", task.pk, q="x", status=404)


@pytest.mark.django_db(transaction=True)
def test_a_log_is_streamed_and_gone_on_with(lin, cluster):
    task = ended(cluster)
    text = "".join(f"[trainer-0] line {n}\n" for n in range(600))
    write_log(task, text)
    client = AsyncClient()
    client.force_login(lin, backend=BACKEND)
    where = reverse("tasks:log_stream", args=[task.pk])

    async def told(**how) -> tuple[int, str]:
        response = await client.get(where, **how)
        if response.status_code == 204:
            return 204, ""
        assert response["Content-Type"] == "text/event-stream"
        parts = [part.decode() async for part in response.streaming_content]
        return response.status_code, "".join(parts)

    _status, whole = asyncio.run(told(query_params={"from": "1/0:0:0"}))
    events = re.findall(r"id: (\S+)\nevent: lines\ndata: (.*)\n\n", whole)
    assert "".join(json.loads(data)["text"] for _id, data in events) == text
    assert whole.endswith('event: end\ndata: {"state": "succeeded"}\n\n')
    _status, rest = asyncio.run(told(headers={"Last-Event-ID": events[0][0]}))
    assert rest == whole.partition("\n\n")[2]
    for word in ("2/0:0:0", "0/", "", "x"):
        assert asyncio.run(told(query_params={"from": word})) == (204, "")


def test_downloads_have_the_guides_names(client, cluster):
    task = ended(cluster)
    write_log(task, "[trainer-0] hello\n")
    folders.output(task.pk).mkdir(parents=True)
    (folders.output(task.pk) / "model").write_text("m")
    for name, kind, wanted in (
        ("download_log", "log", ["trainer-0.log", "lyceum.log"]),
        ("download_output", "output", ["output/model"]),
    ):
        response = client.get(reverse(f"tasks:{name}", args=[task.pk]))
        assert f"{task.pk}_{kind}.tar.gz" in response.headers["Content-Disposition"]
        data = b"".join(response.streaming_content)
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            assert archive.getnames() == wanted


@pytest.mark.parametrize("word", ["", "-1", "1.5", "x", "１", "9" * 17, "1e3"])
def test_what_is_no_number_is_none(word):
    assert numbers.as_number(word) is None


def test_both_languages_have_the_pages(client, cluster):
    task = ended(cluster)
    client.cookies["lyceum_language"] = "zh-hans"
    text = page(client, "history", cluster.pk)
    for said in ("历史任务", "下载日志", "下载输出", "编辑代码", "1分钟 35秒"):
        assert said in text
    assert "终止" not in page(client, "task", task.pk)


def test_an_event_is_one_whatever_is_in_its_lines():
    event = logstream.Event("lines", {"text": "a\n\ndata: b\r\n"}, "1/0:0:1")
    assert str(event).count("\n\n") == 1
    assert str(event).count("\r") == 0
