"""The code editor in a real browser, by what a learner does in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, Locator, Page, expect

from lyceum.datasets.models import DatasetFile
from lyceum.editor.models import EditorDraft, EditorSession
from lyceum.projects.actions import add_dataset, save_version
from lyceum.projects.models import Project, Version
from lyceum.projects.queries import latest_version
from lyceum.tasks.models import Task
from tests.editor.making import TRAIN, content, home
from tests.projects.making import make_dataset

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


class Editor:
    """A tab with the editor of one project."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def open(self, query: str = "") -> Editor:
        self.page.goto(self.address + query)
        expect(self.state).not_to_have_text(re.compile("Opening"), timeout=20_000)
        return self

    @property
    def state(self) -> Locator:
        return self.page.locator("#ide-state")

    @property
    def tabs(self) -> Locator:
        return self.page.locator("#ide-tabs .ide-tab-name")

    @property
    def text(self) -> Locator:
        return self.page.locator("#ide-code .cm-content")

    @property
    def told(self) -> Locator:
        return self.page.locator("#ide-told")

    def row(self, path: str) -> Locator:
        return self.page.locator(f'#ide-tree li[data-path="{path}"]')

    def open_file(self, path: str) -> None:
        self.row(path).locator("> .ide-row").dblclick()
        expect(self.page.locator("#ide-where")).to_have_text(path)

    def choose(self, path: str, choice: str) -> None:
        """From the menu of a file or folder."""
        self.row(path).locator("> .ide-row").hover()
        self.row(path).locator("> .ide-row [data-menu]").click()
        self.page.get_by_role("menuitem", name=choice, exact=True).click()

    def write(self, text: str) -> None:
        """In the place of the whole text that is seen."""
        self.text.click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def save(self) -> None:
        self.page.keyboard.press("ControlOrMeta+s")
        expect(self.state).to_have_text("All saved")

    def answer(self, button: str) -> None:
        """In the dialog that is open."""
        self.page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()


@pytest.fixture
def address(live_server: LiveServer, project: Project) -> str:
    return live_server.url + reverse("editor:editor", args=[project.pk])


@pytest.fixture
def editor(page: Page, context: BrowserContext, live_server: LiveServer, owner, address):
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    value = client.cookies["lyceum_session"].value
    context.add_cookies([{"name": "lyceum_session", "value": value, "url": live_server.url}])
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console", lambda said: "Security Policy" in said.text and complaints.append(said.text)
    )
    yield Editor(page, address).open()
    EditorSession.objects.all().delete()  # or the tab's last word comes while the test ends
    assert complaints == []


def test_files_are_written_moved_and_submitted(editor: Editor, project: Project) -> None:
    page = editor.page
    expect(editor.tabs).to_have_text(["train.py"])
    expect(page.get_by_role("button", name="Close train.py")).to_have_count(0)
    editor.write("print('two')\n")
    expect(editor.tabs).to_have_text(["train.py, not saved"])
    expect(editor.state).to_have_text("Changes not saved yet; they are kept")
    editor.save()
    assert content(project, "train.py") == "print('two')\n"

    page.get_by_role("button", name="New folder").click()
    page.get_by_label("Name", exact=True).fill("core")
    editor.answer("OK")
    page.get_by_role("button", name="New file").click()
    page.get_by_label("Name", exact=True).fill("../out.py")
    editor.answer("OK")
    expect(page.get_by_role("dialog").get_by_text("A name can't be")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("loop.py")
    editor.answer("OK")
    expect(editor.tabs).to_have_text(["train.py", "loop.py"])
    editor.write("STEPS = 3\n")
    editor.row("core/loop.py").drag_to(page.locator("#ide-files-title"))
    expect(page.locator("#ide-where")).to_have_text("loop.py")
    expect(editor.tabs).to_have_text(["train.py", "loop.py, not saved"])
    editor.choose("loop.py", "Rename")
    page.get_by_label("Name", exact=True).fill("steps.py")
    editor.answer("OK")
    expect(editor.tabs).to_have_text(["train.py", "steps.py, not saved"])
    editor.choose("steps.py", "Set as main file")
    expect(editor.row("steps.py")).to_contain_text("Main file")
    expect(page.locator("#ide-main-file")).to_have_text("steps.py")
    editor.choose("lib", "Delete")
    editor.answer("Delete")
    expect(editor.row("lib")).to_have_count(0)

    page.get_by_label("Task note").fill("three steps")
    page.get_by_label("Trainers").fill("0")
    page.get_by_role("button", name="Submit", exact=True).last.click()
    expect(page.locator("[data-error=trainers]")).not_to_be_empty()
    page.get_by_label("Trainers").fill("2")
    page.get_by_role("button", name="Submit", exact=True).last.click()
    page.wait_for_url(re.compile(r"/tasks/\d+/"))
    task = Task.objects.get()
    assert (task.note, task.trainers, task.main_file) == ("three steps", 2, "steps.py")
    assert content(project, "steps.py") == "STEPS = 3\n"
    assert latest_version(project).cause == Version.Cause.TASK


def test_what_can_not_be_edited_says_why_and_what_can_comes_and_goes(
    monkeypatch: pytest.MonkeyPatch, editor: Editor
) -> None:
    monkeypatch.setenv("LYCEUM_LIMIT_FILE_MANAGER_UPLOAD_MB", "3")
    page = editor.open().page
    chosen = page.locator("#ide-upload")
    chosen.set_input_files(
        [
            {"name": "model.png", "mimeType": "", "buffer": b"\x89PNG"},
            {"name": "big.txt", "mimeType": "", "buffer": b"x" * 2_000_000},
            {"name": "binary.py", "mimeType": "", "buffer": b"\0\1\2"},
            {"name": "huge.bin", "mimeType": "", "buffer": b"x" * 3_000_001},
        ]
    )
    expect(page.get_by_text("“huge.bin” has more than 3 MB")).to_be_visible()
    expect(editor.row("binary.py")).to_be_visible()
    for name, why in [
        ("model.png", "Only .py and .txt files"),
        ("big.txt", "Files over 1 MB"),
        ("binary.py", "This file is not text"),
    ]:
        editor.row(name).dblclick()
        expect(page.get_by_text(why).first).to_be_visible()
    expect(editor.tabs).to_have_text(["train.py"])
    with page.expect_download() as download:
        editor.choose("model.png", "Download")
    assert download.value.path().read_bytes() == b"\x89PNG"

    editor.open_file("notes.txt")
    editor.write("second")
    page.get_by_role("button", name="Close notes.txt").click()
    editor.answer("Discard changes")
    expect(editor.tabs).to_have_text(["train.py"])
    expect(editor.state).to_have_text("All saved")
    editor.open_file("notes.txt")
    expect(editor.text).to_have_text("first")

    row = editor.row("lib")
    row.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#ide-where")).to_have_text("lib/net.py")


def test_the_datasets_paths_are_copied(editor: Editor, owner, project: Project) -> None:
    dataset = make_dataset(owner, name="MNIST")
    DatasetFile.objects.create(
        version=dataset.versions.get(), path="sets/labels.gz", size=3, sha256="0" * 64
    )
    add_dataset(owner, project.pk, dataset_id=dataset.pk)
    page = editor.open().page
    page.get_by_role("button", name="MNIST").click()
    page.get_by_role("button", name="sets", exact=True).click()
    page.get_by_role("button", name=re.compile("labels.gz")).click()
    expect(page.get_by_text("Copied:")).to_be_visible()
    relative = f"data{dataset.pk}/sets/labels.gz"
    assert page.evaluate("navigator.clipboard.readText()") == relative


def test_a_second_tab_is_told_and_nothing_is_overwritten(
    editor: Editor, context: BrowserContext, project: Project
) -> None:
    editor.write("first tab")
    expect(editor.state).to_have_text("Changes not saved yet; they are kept")
    second = Editor(context.new_page(), editor.address).open()
    expect(second.told).to_contain_text("open in another tab")
    expect(second.state).to_have_text("Read only")
    second.page.get_by_role("button", name="Edit here").click()
    expect(second.text).to_have_text("first tab")
    second.write("second tab")
    second.save()
    editor.page.bring_to_front()
    editor.write("first tab again")
    expect(editor.told).to_contain_text("in another tab now")
    assert content(project, "train.py") == "second tab"
    editor.page.get_by_role("button", name="Edit here").click()
    expect(editor.page.get_by_text("changed elsewhere since")).to_be_visible()
    editor.page.get_by_role("button", name="Keep mine").click()
    editor.save()
    assert content(project, "train.py") == "first tab again"


def test_leaving_without_submitting_keeps_all(editor: Editor, project: Project) -> None:
    editor.write("left alone")
    editor.page.get_by_role("link", name="Back to the project").click()
    expect(editor.page.get_by_text("Unsubmitted").first).to_be_visible()
    expect(editor.page.get_by_text("left alone")).to_be_visible()
    assert content(project, "train.py") == "left alone"
    assert latest_version(project).cause == Version.Cause.UNSUBMITTED


def test_a_browser_that_dies_loses_nothing_that_was_kept(
    editor: Editor, context: BrowserContext, project: Project
) -> None:
    editor.write("typed before the end")
    expect(editor.state).to_have_text("Changes not saved yet; they are kept")
    # As a browser that dies: without a last word.
    editor.page.evaluate("void (window.fetch = () => new Promise(() => undefined))")
    editor.page.goto("about:blank")
    assert EditorDraft.objects.get().text == "typed before the end"
    again = Editor(context.new_page(), editor.address).open()
    again.page.get_by_role("button", name="Edit here").click()
    expect(again.tabs).to_have_text(["train.py, not saved"])
    expect(again.text).to_have_text("typed before the end")
    assert content(project, "train.py") == TRAIN


def test_an_older_versions_code_is_opened(editor: Editor, owner, project: Project) -> None:
    number = save_version(owner, project.pk).number
    (home(project) / "train.py").write_text("newer")
    page = editor.open(f"?version={number}").page
    expect(page.get_by_role("dialog")).to_contain_text("train.py")
    editor.answer("Open as changes")
    expect(editor.tabs).to_have_text(["train.py, not saved"])
    assert content(project, "train.py") == "newer"
    editor.save()
    assert content(project, "train.py") == TRAIN


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_for_everybody(editor: Editor, width: int) -> None:
    page = editor.page
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(AXE.read_text())
    panes = ["code"] if width == 1280 else ["files", "code", "submit"]
    for pane in panes:
        if width == 390:
            page.locator(f"[data-show-pane={pane}]").click()
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
        assert [
            (each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]
        ] == []
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
