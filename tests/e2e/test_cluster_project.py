"""A cluster project from its creation to its tasks' results, in the browser.

Issue "cluster projects": create → edit → submit on several processes → watch the log →
fetch output and log → submit another version → compare → stop one.
"""

from __future__ import annotations

import io
import re
import secrets
import tarfile

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.learner import Learner
from tests.support.platform import Platform

TRAINED_MILLISECONDS = 180_000
MARK = 'open("output/mark.txt", "w").write("left by the task")\nprint("marked")\n'
ENDLESS = "import time\nprint('on and on', flush=True)\ntime.sleep(90)\n"


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_a_cluster_project_from_code_to_output(
    platform: Platform, context: BrowserContext, page: Page
) -> None:
    context.set_default_timeout(60_000)
    Learner(page, platform.url).sign_up(f"cluster-{secrets.token_hex(3)}")
    project = _create(page, platform.url)

    page.goto(f"{platform.url}/projects/{project}/")
    page.locator(".work-side, .work-actions").get_by_role("link", name="Run the project").click()
    first = _submit(page, note="two of them", trainers=2)
    _ends(page, "succeeded")
    assert "[trainer-1]" not in page.locator("[data-log]").inner_text()  # its name is a label
    log = _members(page, "Download log", f"{first}_log.tar.gz")
    assert {"trainer-0.log", "trainer-1.log"} <= {name.rpartition("/")[2] for name in log}

    page.get_by_role("link", name="Edit its code").first.click()
    _append(page, MARK)
    second = _submit(page, note="one, marked", trainers=1)
    _ends(page, "succeeded")
    output = _members(page, "Download output", f"{second}_output.tar.gz")
    assert b"left by the task" in output.values()

    page.goto(f"{platform.url}/projects/{project}/tasks/")
    for number in (first, second):
        page.get_by_label(f"Choose task {number}").check()
    page.get_by_role("button", name="Compare two").click()
    expect(page.locator("body")).to_contain_text("left by the task")
    expect(page.locator(".tasks-differs").first).to_contain_text("two of them")

    page.goto(f"{platform.url}/projects/{project}/editor/")
    _append(page, ENDLESS, instead=True)
    _submit(page, note="endless", trainers=1)
    expect(page.locator("[data-log]")).to_contain_text("on and on", timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    page.locator("dialog[open]").get_by_role("button", name="Stop").click()
    _ends(page, "stopped")


def _create(page: Page, url: str) -> int:
    page.goto(f"{url}/projects/new/")
    page.locator("[name=name]").fill("Digits on a cluster")
    page.locator("[name=kind][value=cluster]").check(force=True)
    page.locator("[name=environment][value=paddle3-py311]").check(force=True)
    page.locator("form:has([name=kind]) button[type=submit]").last.click()
    page.wait_for_url(re.compile(r"/projects/\d+/"))
    return int(re.search(r"/projects/(\d+)/", page.url)[1])


def _append(page: Page, text: str, *, instead: bool = False) -> None:
    """Type ``text`` at the end of the open file, or in place of all of it."""
    code = page.locator(".cm-content")
    code.click()
    page.keyboard.press("Control+a" if instead else "Control+End")
    page.keyboard.insert_text(text)


def _submit(page: Page, *, note: str, trainers: int) -> int:
    page.get_by_label("Task note").fill(note)
    page.get_by_label("Trainers").fill(str(trainers))
    page.locator("#ide-submit").click()
    page.wait_for_url(re.compile(r"/tasks/\d+/"))
    return int(re.search(r"/tasks/(\d+)/", page.url)[1])


def _ends(page: Page, state: str) -> None:
    expect(page.locator("#task-state")).to_have_attribute(
        "data-state", state, timeout=TRAINED_MILLISECONDS
    )


def _members(page: Page, link: str, name: str) -> dict[str, bytes]:
    """The files of the archive called ``name`` that the link downloads."""
    with page.expect_download() as download:
        page.locator("#task-actions").get_by_role("link", name=link).first.click()
    assert download.value.suggested_filename == name
    data = download.value.path().read_bytes()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = [each for each in archive.getmembers() if each.isfile()]
        return {each.name: archive.extractfile(each).read() for each in files}
