"""Task pages in a real browser: a log that goes on, a long one, many roles, what changes."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from django.core.asgi import get_asgi_application
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from lyceum.engine.logfile import RunLog
from lyceum.tasks import folders
from lyceum.tasks.models import Task
from tests.tasks.making import make_task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
FOLLOWING = 15_000
"""Milliseconds within which a page has followed what happened, on a busy machine."""
LINES = 2000
"""Lines that the viewer keeps in a page, but for a block (``pane.ts``)."""


class Portal:
    """The portal as it is served, with streams: Django's live server has none."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://{}:{}".format(*self.socket.getsockname())
        self._listener = self.socket.dup()
        self.start()

    def start(self) -> None:
        config = uvicorn.Config(
            get_asgi_application(), lifespan="off", log_level="error", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None
        listeners = [self._listener.dup()]
        self._thread = threading.Thread(target=self._server.run, args=(listeners,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture
def portal(db) -> Iterator[Portal]:
    started = Portal()
    yield started
    started.stop()


@pytest.fixture
def at(page: Page, context: BrowserContext, portal: Portal, lin):
    """Opens a page's address as ``lin``; what the browser complains of fails the test."""
    client = Client()
    client.force_login(lin, backend="django.contrib.auth.backends.ModelBackend")
    value = client.cookies["lyceum_session"].value
    context.add_cookies([{"name": "lyceum_session", "value": value, "url": portal.url}])
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: "Policy" in said.text and complaints.append(said.text))

    def go(name: str, *numbers: int, more: str = "") -> Page:
        page.goto(portal.url + reverse(f"tasks:{name}", args=numbers) + more)
        return page

    yield go
    assert complaints == []


def running(cluster, **fields) -> Task:
    task = make_task(
        cluster,
        **{
            "state": "running",
            "attempt": 1,
            "started": timezone.now(),
            "archived": True,
            **fields,
        },
    )
    folders.logs(task.pk).mkdir(parents=True)
    return task


def write(task: Task, text: str) -> None:
    with (folders.logs(task.pk) / "1-local.log").open("a") as log:
        log.write(text)


def end(task: Task, **how) -> None:
    Task.objects.filter(pk=task.pk).update(ended=timezone.now(), **how)


def last_line(page: Page):
    return page.locator(".log-line").last


def test_a_log_is_followed_over_a_restart_of_the_portal_to_the_tasks_end(at, portal, cluster):
    task = running(cluster, trainers=2)
    write(task, "[lyceum] begins\n[trainer-0] one\n")
    page = at("task", task.pk)
    expect(page.locator("[data-log-status]")).to_have_text("live")
    expect(last_line(page)).to_contain_text("one")
    write(task, "[trainer-1] \x1b[31mtwo\x1b[0m\n")
    expect(last_line(page)).to_contain_text("two", timeout=FOLLOWING)
    expect(page.locator(".ansi-red")).to_have_text("two")

    portal.stop()
    write(task, "[trainer-0] three\n")
    portal.start()
    expect(last_line(page)).to_contain_text("three", timeout=2 * FOLLOWING)
    write(task, "[trainer-0] four\n[lyceum] ends\n")
    end(task, state="failed", reason="exit", exit_code=3)
    expect(page.locator("[data-log-status]")).to_have_text("ended", timeout=FOLLOWING)
    said = ["lyceumbegins", "trainer-0one", "trainer-1two", "trainer-0three", "trainer-0four"]
    expect(page.locator(".log-line")).to_have_text([*said, "lyceumends"])
    state = page.locator("#task-state")
    expect(state).to_contain_text("The program ended with exit code 3.", timeout=FOLLOWING)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_a_task_that_waits_shows_its_log_once_it_starts(at, cluster):
    task = make_task(cluster)
    page = at("task", task.pk)
    expect(page.get_by_text("The log begins when the task starts.")).to_be_visible()
    expect(page.locator("#task-state")).to_contain_text("Place 1 in the queue.")
    folders.logs(task.pk).mkdir(parents=True)
    write(task, "[trainer-0] at last\n")
    Task.objects.filter(pk=task.pk).update(state="running", attempt=1, archived=True)
    expect(last_line(page)).to_contain_text("at last", timeout=FOLLOWING)


def test_a_long_log_stays_small_in_the_page(at, cluster):
    task = running(cluster)
    wide = "x" * 100
    count = 250_000
    write(task, "".join(f"[trainer-0] line {n:06d} {wide}\n" for n in range(count)))
    end(task, state="succeeded")
    page = at("task", task.pk)
    expect(last_line(page)).to_contain_text(f"line {count - 1:06d}")
    lines = page.locator("[data-pane-lines]")
    for _step in range(40):
        lines.evaluate("pane => { pane.scrollTop -= 3000 }")
        page.wait_for_timeout(20)
    assert 500 < page.locator(".log-line").count() <= LINES + 250
    numbers = [int(text.split()[1]) for text in page.locator(".log-line").all_inner_texts()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    page.get_by_role("searchbox", name="Search the log").fill("LINE 123456")
    expect(page.locator("[data-log-count]")).to_have_text("1 / 1", timeout=FOLLOWING)
    expect(page.locator(".log-hit")).to_contain_text("line 123456")
    expect(page.locator(".log-hit")).to_be_in_viewport()
    expect(page.locator(".log-hit mark")).to_have_text("line 123456")
    page.get_by_role("button", name="To the beginning").click()
    expect(page.locator(".log-line").first).to_contain_text("line 000000")
    page.get_by_role("button", name="To the end").click()
    expect(last_line(page)).to_contain_text(f"line {count - 1:06d}")
    assert page.locator(".log-line").count() <= LINES + 250


def test_a_reader_stays_at_the_end_of_a_flood_and_over_what_is_dropped(at, cluster):
    task = running(cluster)
    shim = RunLog(str(folders.logs(task.pk)), 8_000_000)
    for name in ("log", "log.1"):  # the names of an archived log lead to the shim's
        (folders.logs(task.pk) / f"1-local.{name}").symlink_to(name)
    line = "[trainer-0] line {:06d} " + "x" * 100 + "\n"
    shim.write(line.format(0).encode())
    page = at("task", task.pk)
    expect(page.locator("[data-log-status]")).to_have_text("live")
    for start in range(0, 120_000, 20_000):
        shim.write("".join(line.format(n) for n in range(start, start + 20_000)).encode())
        page.wait_for_timeout(400)
    expect(last_line(page)).to_contain_text("line 119999", timeout=FOLLOWING)
    below = "pane => pane.scrollHeight - pane.scrollTop - pane.clientHeight"
    assert page.locator("[data-pane-lines]").evaluate(below) < 40
    end(task, state="succeeded")
    expect(page.locator("[data-log-status]")).to_have_text("ended", timeout=FOLLOWING)
    page.get_by_role("button", name="To the beginning").click()
    expect(page.locator(".log-line").first).to_contain_text("older output than this was dropped")


def test_roles_are_read_together_beside_each_other_and_alone(at, cluster):
    task = running(cluster, trainers=2, pservers=1)
    names = ("trainer-0", "trainer-1", "pserver-0")
    write(task, "".join(f"[{names[n % 3]}] step {n}\n" for n in range(900)))
    page = at("task", task.pk)
    view = page.get_by_label("Whose log")
    view.select_option(label="Side by side")
    panes = page.locator(".tasks-pane")
    expect(panes).to_have_count(3)
    for pane, number in zip(panes.all(), (897, 898, 899), strict=True):
        expect(pane.locator(".log-line").last).to_have_text(f"step {number}")
    write(task, "[pserver-0] more\n")
    expect(panes.nth(2).locator(".log-line").last).to_have_text("more", timeout=FOLLOWING)
    page.get_by_role("searchbox", name="Search the log").fill("step 31")
    expect(page.locator("[data-log-count]")).to_have_text("11 / 11")
    page.get_by_role("button", name="Hit before").click()
    expect(panes.nth(0).locator(".log-hit")).to_have_text("step 318")
    view.select_option(label="trainer 1")
    expect(panes).to_have_count(1)
    expect(last_line(page)).to_have_text("step 898")
    texts = page.locator(".log-line").all_inner_texts()
    assert all(int(text.split()[1]) % 3 == 1 for text in texts)


def test_the_history_follows_what_happens(at, cluster):
    task = running(cluster, note="first")
    page = at("history", cluster.pk)
    row = page.locator(f"#task-{task.pk}")
    expect(row).to_contain_text("Running")
    box = row.get_by_role("checkbox")
    box.check()
    compare = page.get_by_role("button", name="Compare two")
    expect(compare).to_be_disabled()
    end(task, state="failed", reason="exit", exit_code=1)
    fresh = running(cluster, note="second")
    expect(row).to_contain_text("The program ended with exit code 1.", timeout=FOLLOWING)
    expect(row).to_contain_text("Download log")
    expect(page.locator("#tasks tr").first).to_contain_text("second")
    expect(box).to_be_checked()
    page.locator(f"#task-{fresh.pk}").get_by_role("checkbox").check()
    compare.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Two tasks compared")
    expect(page.locator(".tasks-differs").first).to_contain_text("firstsecond")


def test_a_running_task_is_stopped_after_a_question(at, cluster):
    task = running(cluster)
    page = at("history", cluster.pk)
    page.locator(f"#task-{task.pk}").get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(page.locator(f"#task-{task.pk}")).to_contain_text("Stopping")
    task.refresh_from_db()
    assert task.is_stopping


@pytest.mark.parametrize(("width", "colours"), [(1280, "light"), (390, "dark")])
def test_everybody_can_read_and_reach_it(at, page: Page, cluster, width: int, colours: str):
    """axe-core finds nothing against WCAG 2 A and AA, and nothing is wider than the screen."""
    task = running(
        cluster, note="学习率 0.1", trainers=2, pservers=1, stop_requested=timezone.now()
    )
    colour_codes = "".join(
        f"\x1b[{code}mcolour {code} \x1b[0m" for code in (*range(30, 38), 1, 90)
    )
    write(task, f"[lyceum] begins\n[trainer-0] {colour_codes}\n[trainer-1] b\n[pserver-0] c\n")
    samples = [
        {"t": time.time() - 60 + n, "cpu": 1, "memory": 10**8, "processes": 3} for n in (1, 9)
    ]
    text = "".join(json.dumps(sample) + "\n" for sample in samples)
    folders.usage_file(task.pk).write_text(text)
    over = {"ended": timezone.now(), "started": timezone.now() - timedelta(minutes=5)}
    lost = make_task(cluster, state="failed", reason="lost", detail="node n7", attempt=2, **over)
    done = make_task(cluster, state="succeeded", archived=True, attempt=1, **over)
    waits = make_task(cluster, stage="building", progress=0.4)
    page.emulate_media(color_scheme=colours)
    page.set_viewport_size({"width": width, "height": 900})
    places = [("history", cluster.pk, ""), ("note", done.pk, "")]
    places += [("task", each.pk, "") for each in (task, lost, done, waits)]
    places += [("compare", cluster.pk, f"?a={lost.pk}&b={done.pk}")]
    for name, number, more in places:
        at(name, number, more=more)
        if (name, number) == ("task", task.pk):
            expect(page.locator("[data-chart=cpu] svg")).to_be_visible()
            expect(page.locator(".log-line").last).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
        problems = [
            f"{name} {violation['id']} at {node['target']}: {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert not problems, "\n".join(problems)
