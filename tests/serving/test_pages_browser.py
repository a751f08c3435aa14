"""The pages of prediction services in a real browser: reading, boxes, editors, charts."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from lyceum.gateway import client as gateway
from lyceum.serving import actions
from tests.serving.making import (
    CONVERTER,
    FOLDER,
    MAIN,
    bring_to,
    make_draft,
    make_service,
    ready_draft,
    write,
)

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# Editors and charts come in scripts of their own, which a page fetches once it is there.
ALL_IS_THERE = """() => !document.querySelector(
  "textarea[data-editor]:not([hidden]), body:has([data-points]) [data-chart]:empty"
)"""
NOW = int(time.time()) // 60 * 60


@pytest.fixture
def at(page: Page, context: BrowserContext, live_server: LiveServer, lin):
    """Opens a page's address as ``lin`` and waits for its editors and charts."""
    client = Client()
    client.force_login(lin, backend="django.contrib.auth.backends.ModelBackend")
    value = client.cookies["lyceum_session"].value
    context.add_cookies([{"name": "lyceum_session", "value": value, "url": live_server.url}])
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda said: "Security Policy" in said.text and complaints.append(said.text)
    )

    def go(where: str) -> Page:
        page.goto(live_server.url + where)
        page.wait_for_function(ALL_IS_THERE)
        return page

    yield go
    assert complaints == []


@pytest.fixture
def busy_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a gateway would tell of a service that is called (its own tests have a real one)."""
    points = [gateway.Minute(NOW - 60 * back, 9, 1, 2.5, 4.0, 9.5) for back in range(60, 0, -1)]
    failure = gateway.Failure(
        NOW,
        500,
        "converter_failed",
        "The converter failed.",
        None,
        '{"CRIM": 1}',
        "KeyError: 'RM'",
    )
    monkeypatch.setattr(gateway, "metrics", lambda *_more, **_named: points)
    monkeypatch.setattr(gateway, "errors", lambda *_more, **_named: [failure])


def _is_refused(said: str) -> bool:
    """Whether the browser says that the page's policy forbade something."""
    return "Content Security Policy" in said


def place(name: str, *numbers: int) -> str:
    return reverse(f"serving:{name}", args=numbers)


def test_boxes_of_folders_and_files_go_together(at, lin, project) -> None:
    write(project, "notes.txt")
    draft = make_draft(lin, project, files=[])
    page = at(place("draft", project.pk, draft.pk, 1))
    folder = page.get_by_label(f"All of the folder {FOLDER}")
    main, weights = page.get_by_label("__model__"), page.get_by_label("fc_0.w_0")
    folder.focus()
    page.keyboard.press("Space")
    expect(main).to_be_checked()
    expect(page.get_by_label("Main program")).to_have_value(MAIN)
    expect(page.locator("#model-choice")).to_contain_text("3 files chosen")
    expect(page.locator("#model-choice")).to_contain_text("Paddle Fluid")
    weights.uncheck()
    expect(folder).not_to_be_checked()
    assert folder.evaluate("box => box.indeterminate")
    expect(page.locator("#model-choice")).to_contain_text("2 files chosen")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved to the drafts.")).to_be_visible()
    draft.refresh_from_db()
    assert sorted(draft.files) == [MAIN, f"{FOLDER}/fc_0.b_0"]


def test_the_converters_editor_is_left_by_keyboard(at, lin, project) -> None:
    draft = ready_draft(lin, project)
    page = at(place("draft", project.pk, draft.pk, 3))
    editor = page.locator("#converter + .code-editor .cm-content")
    editor.click()
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type("# über 价格")
    expect(page.locator("#converter")).to_have_value(CONVERTER + "# über 价格")
    page.keyboard.press("Tab")
    expect(editor).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(editor).not_to_be_focused()
    page.get_by_label("Begin with a template").select_option("The two functions, empty")
    expect(page.locator("#converter")).to_have_value(
        "def reader_infer(data_args):\n"
        '    """data_args is the request as a dict; what is returned goes into the model."""\n'
        "    pass\n\n\ndef output(results, data_args):\n"
        '    """results are the model\'s outputs; what is returned is answered, as JSON."""\n'
        "    pass\n"
    )
    editor.press("ControlOrMeta+z")
    expect(page.locator("#converter")).to_have_value(re.compile("# über 价格"))
    page.get_by_label("Directly").check()
    expect(editor).to_be_hidden()


def test_calls_are_drawn(at, lin, project, busy_gateway) -> None:
    service = make_service(lin, project)
    page = at(place("metrics", project.pk, service.pk))
    expect(page.locator(".serving-numbers")).to_contain_text("540")
    for name in ("calls", "times", "errors"):
        drawn = page.locator(f"[data-chart={name}] svg path")
        expect(drawn.nth(3)).to_be_attached()
    expect(page.locator("[data-chart=times]")).to_contain_text("p99")


def test_a_new_key_comes_out_of_its_dialog(at, lin, project) -> None:
    service = make_service(lin, project)
    page = at(place("service", project.pk, service.pk))
    page.get_by_role("link", name="New key").click()
    dialog = page.get_by_role("dialog", name="New key")
    dialog.get_by_role("button", name="Make the key").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Name").fill("My app")
    dialog.get_by_role("button", name="Make the key").click()
    key = page.locator("#new-key").inner_text()
    expect(page.locator("#snippet-curl")).to_contain_text(f"apiKey={key}")
    page.get_by_role("tab", name="Python 3").click()
    expect(page.locator("#snippet-python")).to_contain_text(f"apiKey={key}")


@pytest.mark.parametrize(("width", "colours"), [(1280, "light"), (390, "dark")])
def test_everybody_can_read_and_reach_it(
    at, page: Page, lin, project, busy_gateway, width: int, colours: str
) -> None:
    """axe-core finds nothing against WCAG 2 A and AA, and nothing is wider than the screen."""
    draft = ready_draft(lin, project)
    draft.trial = {"state": "failed", "message": "KeyError", "traceback": "KeyError: 'RM'"}
    draft.save()
    service = make_service(lin, project)
    for state in ("failed", "paused", "deploying"):
        make_service(lin, project, state=state, name=state)
    online = actions.promote(lin, service.pk).service
    bring_to(online, "running")
    actions.rotate_key(lin, online.pk, online.keys.get().pk)
    page.emulate_media(color_scheme=colours)
    page.set_viewport_size({"width": width, "height": 900})
    places = [place("services", project.pk), place("new_key", project.pk, service.pk)]
    places += [place("draft", project.pk, draft.pk, step) for step in (1, 2, 3, 4)]
    names = ("service", "test", "metrics", "errors", "logs", "settings")
    places += [place(name, project.pk, online.pk) for name in names]
    for where in places:
        at(where)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, where
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
        problems = [
            f"{where} {violation['id']} at {node['target']}: {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert not problems, "\n".join(problems)
