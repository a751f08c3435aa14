"""The datasets' pages in a real browser: reading, walking, speaking, by mouse and keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from tests.datasets.making import add_version, address, make_dataset

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
LONG = "\n\n".join(f"## Part {number}\n\nWords about it." for number in range(12))


@pytest.fixture
def weather(lin):
    files = {"a.csv": "x,y\n1,2\n", "train/b.txt": "hello", "train/deep/c.txt": "there"}
    dataset = make_dataset(lin, files=files, description=LONG, licence="MIT", tags=("sky",))
    add_version(dataset, {**files, "new.md": "# New"}, note="more")
    return dataset


@pytest.fixture
def at(page: Page, context: BrowserContext, live_server: LiveServer, lin):
    """Opens a page's address as ``lin`` and waits for what it loads by itself."""
    client = Client()
    client.force_login(lin, backend="django.contrib.auth.backends.ModelBackend")
    value = client.cookies["lyceum_session"].value
    context.add_cookies([{"name": "lyceum_session", "value": value, "url": live_server.url}])
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def go(where: str) -> Page:
        page.goto(live_server.url + where)
        page.wait_for_load_state("networkidle")
        return page

    yield go
    assert complaints == []


def test_files_are_walked_and_looked_into(at, weather) -> None:
    page = at(address("detail", weather.pk))
    preview = page.locator("#preview")
    expect(preview).to_contain_text("a.csv")
    page.get_by_role("link", name="train", exact=True).click()
    page.get_by_role("link", name="b.txt", exact=True).click()
    expect(preview).to_contain_text("hello")
    assert page.url.endswith("?folder=train&file=train/b.txt")
    page.reload()
    expect(preview).to_contain_text("hello")
    page.get_by_role("link", name=f"data{weather.pk}", exact=True).click()
    expect(page.get_by_role("link", name="new.md", exact=True)).to_be_visible()


def test_a_long_description_is_cut_until_asked_for(at, weather) -> None:
    page = at(address("detail", weather.pk))
    end = page.get_by_role("heading", name="Part 11")
    expect(end).not_to_be_in_viewport()
    height = page.locator("#dataset-description").bounding_box()["height"]
    page.get_by_role("button", name="Show all of it").press("Enter")
    assert page.locator("#dataset-description").bounding_box()["height"] > height
    page.get_by_role("button", name="Show less").click()
    assert page.locator("#dataset-description").bounding_box()["height"] == height


def test_each_path_of_a_file_is_copied_by_keyboard(at, weather, context, live_server) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    page = at(address("detail", weather.pk))
    for steps, path in enumerate(
        (
            f"/home/aistudio/data/data{weather.pk}/a.csv",
            f"/root/paddlejob/workspace/train_data/datasets/data{weather.pk}/a.csv",
            f"data{weather.pk}/a.csv",
        ),
        start=1,
    ):
        page.get_by_role("button", name="Copy a path of a.csv").focus()
        page.keyboard.press("Enter")
        for _ in range(steps):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text="Copied").last).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == path


def test_a_comment_is_written_and_deleted_in_place(at, weather) -> None:
    page = at(address("comments", weather.pk))
    page.get_by_label("Your comment").fill("So **clean**")
    page.get_by_role("button", name="Comment", exact=True).click()
    comment = page.get_by_role("article", name="Comment of Lin")
    expect(comment.locator("strong")).to_have_text("clean")
    expect(page.get_by_label("Your comment")).to_have_value("")
    expect(page.locator("#comment-count")).to_have_text("1")
    comment.get_by_role("button", name="Delete the comment").click()
    dialog = page.get_by_role("dialog", name="Delete this comment?")
    dialog.get_by_role("button", name="Delete").click()
    expect(comment).to_have_count(0)
    expect(page.locator("#comment-count")).to_have_text("0")


def test_a_refused_edit_stays_in_its_dialog(at, weather) -> None:
    page = at(address("detail", weather.pk))
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Edit").click()
    dialog = page.get_by_role("dialog", name="Edit dataset")
    dialog.get_by_role("button", name="Use the template").click()
    expect(dialog.get_by_label("Description")).to_have_value(f"{LONG}\n\n{TEMPLATE}")
    dialog.get_by_label("Licence").fill("my own")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_have_text("There is no such licence in the SPDX list.")
    expect(dialog.get_by_label("Licence")).to_have_value("my own")
    dialog.get_by_label("Licence").fill("mit")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(page.get_by_role("heading", name="Background")).to_have_count(1)


TEMPLATE = """## Background

Who collected these data, when, and what for?

## Contents

Which files are there, and what does a row or a picture stand for?

## Source

Where do the data come from, and under which terms?

## Usage

What can one learn from them? How to read the files?"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_everybody_can_read_and_reach_it(at, page: Page, weather, colours: str, width) -> None:
    """axe-core finds nothing against WCAG 2 A and AA, and nothing is wider than the screen."""
    page.emulate_media(color_scheme=colours)
    page.set_viewport_size({"width": width, "height": 900})
    places = [address(name, weather.pk) for name in ("detail", "versions", "comments", "delete")]
    places += [address("version", weather.pk, 1), "/datasets/?tab=mine", address("trash")]
    for place in places:
        at(place)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
        problems = [
            f"{place} {violation['id']} at {node['target']}: {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert not problems, "\n".join(problems)
