"""Creating datasets in a real browser at a real platform, with what goes wrong on the way."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import secrets
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Request, expect

from tests.datasets.wire import Wire, wire_to
from tests.e2e.learner import Learner
from tests.support.platform import Platform

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
MEGABYTE = 1 << 20
BIG = 24 * MEGABYTE
SLOWLY = 6 * MEGABYTE  # bytes a second: some seconds to do something in
PATIENCE = 60_000


@pytest.fixture
def learner(platform: Platform, page: Page) -> Learner:
    return signed_up(page, platform.url)


def signed_up(page: Page, url: str) -> Learner:
    page.set_default_timeout(PATIENCE)
    learner = Learner(page, url)
    learner.sign_up(f"maker-{secrets.token_hex(3)}")
    return learner


@pytest.fixture
def wire(platform: Platform):
    with wire_to(platform.port, rate=SLOWLY) as made:
        yield made


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.bin"
    path.write_bytes(random.Random(3).randbytes(BIG))
    return path


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the console complains about; a refused form's 422 is no complaint of ours."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on(
        "console",
        lambda message: (
            heard.append(message.text)
            if message.type == "error" and "422" not in message.text
            else None
        ),
    )
    return heard


@pytest.fixture
def requests(page: Page) -> list[Request]:
    """Every request to the tus server."""
    heard: list[Request] = []
    page.on(
        "request", lambda request: heard.append(request) if "/uploads/" in request.url else None
    )
    return heard


def choose(page: Page, *files: Path) -> None:
    page.locator(".uppy-Dashboard-input:not([webkitdirectory])").set_input_files(list(files))


def choose_folder(page: Page, folder: Path) -> None:
    page.locator(".uppy-Dashboard-input[webkitdirectory]").set_input_files(folder)


def drop(page: Page, *paths: Path) -> None:
    """Let files and folders go over the page's area, as a person's file manager would.

    The browser itself opens them; a ``DataTransfer`` made in the page has no folders.
    """
    area = page.locator(".uppy-Dashboard-inner").bounding_box()
    wire = page.context.new_cdp_session(page)
    dragged = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    at = {"x": area["x"] + area["width"] / 2, "y": area["y"] + area["height"] / 2}
    for kind in ("dragEnter", "dragOver"):
        wire.send("Input.dispatchDragEvent", {"type": kind, "data": dragged, **at})
    expect(page.locator(".uppy-Dashboard--isDraggingOver")).to_be_visible()
    wire.send("Input.dispatchDragEvent", {"type": "drop", "data": dragged, **at})
    wire.detach()


def line(page: Page, path: str) -> Locator:
    """The line of a file, wherever it stands now."""
    return page.locator(f'.draft-line[data-path="{path}"]:visible')


def picked(place: Page | Locator, name: str) -> Locator:
    """The box of a dataset in a project's picker."""
    return place.locator(".picker-item", has_text=f"{name} Version").locator("input")


def go_on(page: Page) -> None:
    following = page.get_by_role("link", name="Next")
    expect(following).not_to_have_class(re.compile("disabled"))
    following.click()
    page.wait_for_url("**/about/**")


def version_files(platform: Platform, dataset: int, number: int) -> dict[str, str]:
    """Path → SHA-256 of what the platform keeps of a version."""
    folder = platform.home / "datasets" / str(dataset) / str(number)
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def number_in(page: Page) -> int:
    return int(re.search(r"/datasets/(\d+)/", page.url)[1])


def create(page: Page, name: str) -> int:
    """Step 2, the shortest way; the new dataset's number."""
    go_on(page)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create dataset").click()
    page.wait_for_url(re.compile(r"/datasets/\d+/$"))
    return number_in(page)


def begun(page: Page, big: Path, least: int) -> None:
    """Until some of ``big`` is on its way, but not all."""
    choose(page, big)
    bar = line(page, big.name).locator(".progress-bar")
    page.wait_for_function(
        "([bar, least]) => parseFloat(bar.style.width) > least", arg=[bar.element_handle(), least]
    )


def posts(requests: list[Request]) -> int:
    return sum(request.method == "POST" for request in requests)


def server_offset(platform: Platform, requests: list[Request]) -> int:
    upload = next(r.url for r in requests if r.method == "PATCH").rsplit("/", 1)[1]
    return (platform.home / "uploads" / upload).stat().st_size


def settled_offset(platform: Platform, requests: list[Request], page: Page) -> int:
    """The server's offset once what was on the cable has come."""
    before, now = -1, 0
    while before != now:
        before = now
        page.wait_for_timeout(1000)
        now = server_offset(platform, requests)
    return now


def resumed_from(requests: list[Request]) -> int:
    patches = [request for request in requests if request.method == "PATCH"]
    return int(patches[-1].headers["upload-offset"])


def test_a_folder_and_files_become_a_dataset(
    platform: Platform, page: Page, learner: Learner, tmp_path: Path, complaints: list[str]
) -> None:
    folder = tmp_path / "weather"
    (folder / "days").mkdir(parents=True)
    (folder / "days" / "一月.csv").write_text("x,y\n1,2\n")
    (folder / "days" / "empty.csv").write_text("")
    (folder / "readme.md").write_text("# Weather\n")
    (tmp_path / "more.bin").write_bytes(random.Random(1).randbytes(3 * MEGABYTE))

    page.goto(f"{platform.url}/datasets/")
    page.get_by_role("link", name="Create dataset").click()
    expect(page.get_by_text("A dataset needs at least one file.")).to_be_visible()
    choose_folder(page, folder)
    choose(page, tmp_path / "more.bin")
    for path in ("more.bin", "weather/readme.md", "weather/days/一月.csv"):
        expect(line(page, path)).to_contain_text("Uploaded")
    empty = line(page, "weather/days/empty.csv")
    expect(empty).to_contain_text("This file is empty: it has no bytes.")
    expect(page.get_by_text("Some files were not taken.")).to_be_visible()
    empty.get_by_role("button", name="Take out").press("Enter")
    expect(page.locator("#draft-reason")).to_have_text(re.compile(r"3 files, 3\.0\sMB"))

    go_on(page)
    page.get_by_role("button", name="Use the template").click()
    page.get_by_label("Name").fill("天气")
    page.get_by_label("Licence").fill("no such thing")
    page.get_by_role("button", name="Create dataset").click()
    expect(page.get_by_text("There is no such licence in the SPDX list.")).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value(re.compile("## Background"))
    page.get_by_label("Licence").fill("CC-BY-4.0")
    page.get_by_role("button", name="Create dataset").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("天气")
    assert version_files(platform, number_in(page), 1) == {
        "more.bin": sha256((tmp_path / "more.bin").read_bytes()),
        "weather/readme.md": sha256(b"# Weather\n"),
        "weather/days/一月.csv": sha256(b"x,y\n1,2\n"),
    }
    assert complaints == []


def test_files_and_a_folder_are_dropped(
    platform: Platform, page: Page, learner: Learner, tmp_path: Path, complaints: list[str]
) -> None:
    deep = tmp_path / "weather" / "days" / "deep"
    deep.mkdir(parents=True)
    dropped = {"one.csv": b"x\n1\n", "two.bin": random.Random(2).randbytes(3 * MEGABYTE)}
    for name, data in dropped.items():
        (tmp_path / name).write_bytes(data)
    # A browser tells a folder's entries a hundred at a time.
    dropped |= {f"weather/days/{number}.txt": b"%d" % number for number in range(130)}
    dropped |= {"weather/readme.md": b"# Weather\n", "weather/days/deep/一月.csv": b"y\n"}
    for path, data in dropped.items():
        (tmp_path / path).write_bytes(data)

    page.goto(f"{platform.url}/datasets/new/")
    drop(page, tmp_path / "one.csv", tmp_path / "two.bin")
    for name in ("one.csv", "two.bin"):
        expect(line(page, name)).to_contain_text("Uploaded")
    drop(page, tmp_path / "weather")
    all_there = re.compile(r"134 files, 3\.0\sMB")
    expect(page.locator("#draft-reason")).to_have_text(all_there, timeout=PATIENCE)
    dataset = create(page, "Dropped")
    assert version_files(platform, dataset, 1) == {
        path: sha256(data) for path, data in dropped.items()
    }
    assert complaints == []


def test_a_cut_in_the_middle_is_gone_on_from_by_itself(
    platform: Platform,
    context: BrowserContext,
    page: Page,
    wire: Wire,
    big: Path,
    requests: list[Request],
) -> None:
    signed_up(page, wire.url)
    page.goto(f"{wire.url}/datasets/new/")
    begun(page, big, 20)
    wire.cut()
    context.set_offline(True)
    expect(page.get_by_text("No connection to the platform.")).to_be_visible()
    came = server_offset(platform, requests)
    assert 0 < came < BIG
    wire.mend()
    context.set_offline(False)
    expect(line(page, "big.bin")).to_contain_text("Uploaded", timeout=PATIENCE)
    assert posts(requests) == 1
    assert resumed_from(requests) >= came
    dataset = create(page, "Cut")
    assert version_files(platform, dataset, 1) == {"big.bin": sha256(big.read_bytes())}


@pytest.mark.parametrize("part", ["uploads", "portal"])
def test_a_killed_part_is_waited_for(
    platform: Platform, page: Page, wire: Wire, big: Path, requests: list[Request], part: str
) -> None:
    signed_up(page, wire.url)
    page.goto(f"{wire.url}/datasets/new/")
    begun(page, big, 20)
    status = json.loads(platform.command("status", "--json").stdout)
    os.kill(next(each["pid"] for each in status["parts"] if each["name"] == part), signal.SIGKILL)
    expect(line(page, "big.bin")).to_contain_text("Uploaded", timeout=2 * PATIENCE)
    assert posts(requests) == 1
    dataset = create(page, "Killed")
    assert version_files(platform, dataset, 1) == {"big.bin": sha256(big.read_bytes())}


def test_a_reload_in_the_middle_goes_on_with_the_same_file(
    platform: Platform, page: Page, wire: Wire, big: Path, requests: list[Request]
) -> None:
    signed_up(page, wire.url)
    page.goto(f"{wire.url}/datasets/new/")
    begun(page, big, 30)
    warnings: list[str] = []

    def leave(dialog: Dialog) -> None:
        warnings.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.reload()
    assert warnings == ["beforeunload"]
    expect(line(page, "big.bin")).to_contain_text("Choose the same file again to continue.")
    expect(page.get_by_text("1 file is not completely uploaded.")).to_be_visible()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    came = settled_offset(platform, requests, page)
    assert BIG // 5 < came < BIG

    choose(page, big)
    expect(line(page, "big.bin")).to_contain_text("Uploaded", timeout=PATIENCE)
    assert posts(requests) == 1
    assert resumed_from(requests) == came
    dataset = create(page, "Reloaded")
    assert version_files(platform, dataset, 1) == {"big.bin": sha256(big.read_bytes())}


def test_small_files_need_not_be_chosen_again(
    platform: Platform, page: Page, wire: Wire, tmp_path: Path
) -> None:
    """What the browser could keep (golden retriever) goes on after a reload by itself."""
    files = [tmp_path / f"{number}.bin" for number in range(6)]
    for number, file in enumerate(files):
        file.write_bytes(random.Random(number).randbytes(4 * MEGABYTE))
    signed_up(page, wire.url)
    page.goto(f"{wire.url}/datasets/new/")
    choose(page, *files)
    expect(line(page, "0.bin").locator("[data-do=pause]")).to_be_visible()
    page.wait_for_timeout(1500)  # the browser's own store is written behind our back
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    for file in files:
        expect(line(page, file.name)).to_contain_text("Uploaded", timeout=PATIENCE)
    dataset = create(page, "Kept")
    assert version_files(platform, dataset, 1) == {
        file.name: sha256(file.read_bytes()) for file in files
    }


def test_a_connection_that_hangs_is_given_up(
    platform: Platform, page: Page, wire: Wire, big: Path, requests: list[Request]
) -> None:
    signed_up(page, wire.url)
    page.clock.install()
    page.goto(f"{wire.url}/datasets/new/")
    begun(page, big, 20)
    wire.hang()
    page.wait_for_timeout(6000)  # what it then still has in hand is on its way, or lost
    page.clock.fast_forward("00:31")
    expect(line(page, "big.bin")).to_contain_text("Uploaded", timeout=2 * PATIENCE)
    assert posts(requests) == 1
    assert resumed_from(requests) > 0


def test_pause_continue_and_take_out(
    platform: Platform, page: Page, wire: Wire, big: Path, requests: list[Request]
) -> None:
    signed_up(page, wire.url)
    page.goto(f"{wire.url}/datasets/new/")
    begun(page, big, 10)
    page.get_by_role("button", name="Pause all").press("Enter")
    expect(page.get_by_text(re.compile(r"^Paused: "))).to_be_visible()
    assert 0 < settled_offset(platform, requests, page) < BIG
    page.get_by_role("button", name="Continue all").click()
    expect(page.locator("[data-all-text]")).to_have_text(re.compile(r"MB/s · \d+:\d\d left"))
    line(page, "big.bin").get_by_role("button", name="Take out").click()
    expect(page.get_by_text("No files yet.")).to_be_visible()
    expect(page.locator("#draft-quota")).to_contain_text("0 bytes of")


def test_what_can_not_fit_is_refused_before_a_byte_goes(
    platform: Platform, page: Page, learner: Learner, tmp_path: Path, requests: list[Request]
) -> None:
    sizes = {
        "huge.bin": 11 << 30,
        "first.bin": 9 << 30,
        "second.bin": 9 << 30,
        "third.bin": 9 << 30,
    }
    for name, size in sizes.items():
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    page.goto(f"{platform.url}/datasets/new/")
    page.route("**/uploads/", lambda route: None)  # never answered: nothing begins
    choose(page, *(tmp_path / name for name in sizes))
    expect(line(page, "huge.bin")).to_contain_text("which is the most for one file.")
    expect(line(page, "third.bin")).to_contain_text("Not enough space: this file needs 9.0 GB")
    expect(line(page, "second.bin")).to_contain_text("Waiting")
    asked = [request.headers["upload-length"] for request in requests]
    assert asked == [str(9 << 30)] * 2


def test_the_servers_refusal_stands_at_the_file(
    platform: Platform, page: Page, learner: Learner, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    folder = tmp_path / "folder" / "a"
    folder.mkdir(parents=True)
    (folder / "x.csv").write_text("x")
    page.goto(f"{platform.url}/datasets/new/")
    choose_folder(page, tmp_path / "folder")
    expect(line(page, "folder/a/x.csv")).to_contain_text("Uploaded")
    (tmp_path / "folder").rename(tmp_path / "aside")
    (tmp_path / "folder").write_text("a file now")
    choose(page, tmp_path / "folder", tmp_path / "b")
    refused = line(page, "folder")
    expect(refused).to_contain_text("“folder” can't be a file and a folder at once.")
    expect(line(page, "b")).to_contain_text("Uploaded")
    refused.get_by_role("button", name="Take out").click()
    expect(page.locator("#draft-reason")).to_contain_text("2 files")


def test_the_next_version(
    platform: Platform, page: Page, learner: Learner, tmp_path: Path
) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(f"{name}\n")
    page.goto(f"{platform.url}/datasets/new/")
    choose(page, tmp_path / "a.csv", tmp_path / "b.csv")
    dataset = create(page, "Versions")
    page.locator(".work-actions [data-bs-toggle=dropdown]").last.click()
    page.locator(f'form[action="/datasets/{dataset}/update/"] button').first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New version: 2")
    make = page.get_by_role("button", name="Make version 2")
    expect(make).to_be_disabled()
    (tmp_path / "a.csv").write_text("other\n")
    choose(page, tmp_path / "a.csv")
    expect(line(page, "a.csv")).to_contain_text("replaces the file of version 1")
    line(page, "b.csv").get_by_role("button", name="Take out").click()
    expect(line(page, "b.csv")).to_contain_text("Not in version 2")
    page.get_by_label("Note").fill("Another a, no b")
    make.click()
    page.wait_for_url(re.compile(r"/datasets/\d+/$"))
    expect(page.get_by_role("status").filter(has_text="Version 2 is there.")).to_be_visible()
    assert version_files(platform, dataset, 2) == {"a.csv": sha256(b"other\n")}
    assert set(version_files(platform, dataset, 1)) == {"a.csv", "b.csv"}


def test_from_the_project_dialog_and_back_by_keyboard(
    platform: Platform, page: Page, learner: Learner, tmp_path: Path
) -> None:
    (tmp_path / "rain.csv").write_text("x\n1\n")
    page.goto(platform.url)
    page.locator("[data-create-project]").first.press("Enter")
    dialog = page.get_by_role("dialog", name="Create project")
    typed = {"Project name": "Rain 雨", "Project description": "one\n\ntwo", "Tags": "a, b"}
    for label, value in typed.items():
        dialog.get_by_label(label).fill(value)
    dialog.get_by_label("Everybody").check()
    picked(dialog, "Wine").check()

    dialog.get_by_role("link", name="Create dataset").press("Enter")
    page.wait_for_url("**/datasets/drafts/**")
    page.get_by_role("link", name="Go on later").press("Enter")
    expect(page.get_by_label("Project name")).to_have_value("Rain 雨")

    page.get_by_role("link", name="Create dataset").press("Enter")
    page.wait_for_url("**/datasets/drafts/**")
    choose(page, tmp_path / "rain.csv")
    go_on(page)
    page.get_by_label("Name").fill("Rain")
    page.get_by_label("Name").press("Enter")
    page.wait_for_url("**/projects/new/**")
    for label, value in typed.items():
        expect(page.get_by_label(label)).to_have_value(value)
    expect(page.get_by_label("Everybody")).to_be_checked()
    for name in ("Rain", "Wine"):
        expect(picked(page, name)).to_be_checked()
    page.get_by_role("button", name="Create", exact=True).press("Enter")
    expect(page.get_by_text("“Rain 雨” is ready.")).to_be_visible()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_everybody_can_read_and_reach_it(
    platform: Platform, browser: Browser, tmp_path: Path, colours: str
) -> None:
    """axe-core finds nothing, and a narrow screen never scrolls sideways."""
    (tmp_path / f"{'long' * 30}.csv").write_text("x\n")
    (tmp_path / "empty.csv").write_text("")
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-GB", color_scheme=colours
    )
    page = context.new_page()
    signed_up(page, platform.url)
    page.goto(f"{platform.url}/datasets/new/")
    choose(page, *tmp_path.iterdir())
    expect(page.locator(".draft-finished")).to_be_visible()
    expect(page.locator(".draft-wrong")).to_be_visible()
    check_everybody(page)
    page.locator(".draft-wrong").get_by_role("button", name="Take out").click()
    go_on(page)
    check_everybody(page)
    context.close()


def check_everybody(page: Page) -> None:
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'best-practice']})")
    problems = [
        f"{violation['id']} at {node['target']}: {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
    assert not problems, "\n".join(problems)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
