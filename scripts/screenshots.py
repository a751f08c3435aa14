"""Takes a picture of each page in both languages into ``docs/screenshots/``.

``make screenshots``; starts a platform of its own. Names are
``<page>-<zh|en>[-narrow][-dark].webp``: 1280 pixels wide, 390 when narrow.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.learner import WORDS, Learner, run_all  # noqa: E402
from tests.support.browser import ARGUMENTS, CHROMIUM  # noqa: E402
from tests.support.platform import Platform, free_ports  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
TRAINED_MILLISECONDS = 240_000
SETTLE_MILLISECONDS = 700  # fonts, and what scripts draw
ALL_HAVE_RUN = """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
  .every((mark) => /^\\[\\d+\\]:$/.test(mark.innerText.trim()))"""
# Covers below the fold load when they come near; frames of notebooks when they are seen.
LOAD_ALL = """async () => {
  for (const image of document.images) image.loading = "eager"
  const lazy = [...document.images].filter((image) => image.currentSrc || image.src)
  await Promise.all(lazy.map((image) => image.decode().catch(() => null)))
}"""

PUBLIC = {
    "hall": "/",
    "datasets": "/datasets/",
    "dataset": "/datasets/{dataset}/",
    "dataset-versions": "/datasets/{dataset}/versions/",
    "project": "/projects/{project}/",
    "project-forks": "/projects/{project}/forks/",
    "project-datasets": "/projects/{project}/datasets/",
    "project-files": "/projects/{project}/files/",
    "sign-up": "/accounts/signup/",
    "sign-in": "/accounts/login/",
    "password-reset": "/accounts/password/reset/",
    "not-found": "/projects/0/",
}
OWN = {
    "create": "/projects/new/",
    "profile": "/accounts/profile/",
    "email": "/accounts/email/",
    "password": "/accounts/password/change/",
    "tokens": "/accounts/tokens/",
    "trash": "/projects/trash/",
    "mine": "/?tab=mine",
}
WIDE_SCREEN = {"width": 1280, "height": 900}
NARROW_SCREEN = {"width": 390, "height": 844}
NARROW = ("hall", "project", "datasets", "dataset", "dataset-versions", "sign-up")
DATASET = {
    "zh": (
        "三种鸢尾花",
        "花萼与花瓣的尺寸，适合第一个分类模型。",
        "数据很干净，`species` 列没有缺测。",
    ),
    "en": (
        "Three irises",
        "Sizes of sepals and petals, for a first classifier.",
        "Clean data: no `species` is missing.",
    ),
}
TABLE = "sepal_length,petal_length,species\n" + "5.1,1.4,setosa\n6.4,4.5,versicolor\n" * 60


@dataclass(frozen=True)
class Look:
    """How a page is seen."""

    language: str
    narrow: bool = False
    dark: bool = False

    @property
    def suffix(self) -> str:
        return f"-{self.language}{'-narrow' * self.narrow}{'-dark' * self.dark}"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="lyceum-screenshots-"))
    platform = Platform(home=home, port=free_ports())
    try:
        platform.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for language in LOCALES:
                take_all(browser, platform, language)
                take_administration(browser, platform, language)
            browser.close()
    finally:
        if platform.process and platform.process.poll() is None:
            platform.stop()
        shutil.rmtree(home, ignore_errors=True)


def take_all(browser: Browser, platform: Platform, language: str) -> None:
    """Every page in one language: as a visitor, then as a learner who trains."""
    wide = Look(language)
    page = open_page(browser, wide)
    learner = Learner(page, platform.url, language)
    learner.open_official(WORDS[language]["house_prices"])
    numbers = {"project": page.url.rstrip("/").rsplit("/", 1)[1], "dataset": "5"}
    for name, path in PUBLIC.items():
        take(page, wide, name, platform.url + path.format(**numbers))
    for look in (Look(language, narrow=True), Look(language, narrow=True, dark=True)):
        small = open_page(browser, look)
        for name in NARROW:
            take(small, look, name, platform.url + PUBLIC[name].format(**numbers))
    dark = open_page(browser, Look(language, dark=True))
    take(dark, Look(language, dark=True), "hall", platform.url)

    learner.sign_up(f"learner-{language}")
    take_own_dataset(page, wide, platform.url)
    take_cluster_project(page, wide, platform.url)
    learner.open_official(WORDS[language]["house_prices"])
    learner.fork()
    own = page.url
    for name, path in OWN.items():
        take(page, wide, name, platform.url + path)
    page.goto(own)
    learner.run()
    draw(page)
    keep(page, wide, "project-running")
    notebook = learner.enter()
    run_all(notebook)
    notebook.wait_for_timeout(4 * SETTLE_MILLISECONDS)  # the marks of the saved run go first
    notebook.wait_for_function(ALL_HAVE_RUN, timeout=TRAINED_MILLISECONDS)
    keep(notebook, wide, "notebook")
    notebook.goto(notebook.url.split("/notebooks/")[0] + "/visualdl")
    notebook.wait_for_timeout(TRAINED_MILLISECONDS // 12)
    keep(notebook, wide, "visualdl")
    page.context.close()


def take_own_dataset(page: Page, look: Look, url: str) -> None:
    """A learner's own dataset, from its creation to the trash."""
    name, summary, comment = DATASET[look.language]
    take(page, look, "dataset-new", f"{url}/datasets/new/")
    files = [
        {"name": "iris.csv", "mimeType": "text/csv", "buffer": TABLE.encode()},
        {"name": "README.md", "mimeType": "text/markdown", "buffer": f"# {name}\n".encode()},
    ]
    page.locator(".uppy-Dashboard-input:not([webkitdirectory])").set_input_files(files)
    page.locator(".draft-finished").nth(len(files) - 1).wait_for()
    take_both_widths(page, look, "dataset-files")
    page.locator("a[data-next]").click()
    page.locator("[name=name]").fill(name)
    page.locator("[name=summary]").fill(summary)
    page.locator("[name=licence]").fill("CC-BY-4.0")
    page.locator("[data-insert]").click()
    take_both_widths(page, look, "dataset-about")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/datasets/\d+/$"))
    own = page.url
    page.locator(".work-actions [data-bs-toggle=dropdown]").click()
    page.locator("form[action$='/update/'] button").click()
    page.locator(".draft-kept button").first.click()
    page.locator(".draft-removed").wait_for()
    take_both_widths(page, look, "dataset-update")
    page.goto(f"{own}comments/")
    page.locator("textarea[name=text]").fill(comment)
    page.locator("main form[action$='comments/'] button[type=submit]").click()
    page.locator(".dataset-comment").wait_for()
    take(page, look, "dataset-comments", f"{own}comments/")
    page.goto(own)
    page.locator(".work-actions [data-bs-toggle=dropdown]").click()
    page.locator("a[href$='/edit/']").click()
    page.locator("dialog [name=name]").wait_for()
    take_here(page, look, "dataset-edit")
    page.goto(f"{own}delete/")
    page.locator("[name=typed_name]").fill(name)
    take_here(page, look, "dataset-delete")
    page.locator("main form button[type=submit].btn-danger").click()
    page.wait_for_url(f"{url}/datasets/?tab=mine")
    take(page, look, "dataset-trash", f"{url}/datasets/trash/")


def take_cluster_project(page: Page, look: Look, url: str) -> None:
    """The official cluster project, forked: its editor, and two tasks of it."""
    learner = Learner(page, url, look.language)
    learner.open_official(WORDS[look.language]["cluster_digits"])
    project = learner.fork()
    editor = f"{url}/projects/{project}/editor/"
    for trainers, rate in (("2", "0.1"), ("1", "0.05")):
        page.goto(editor)
        page.locator(".cm-content").wait_for()
        take_both_widths(page, look, "editor")
        page.locator("#ide-note").fill(f"learning rate {rate}")
        page.locator("#ide-trainers").fill(trainers)
        page.locator("#ide-submit").click()
        page.locator("#task-state[data-state=succeeded]").wait_for(timeout=TRAINED_MILLISECONDS)
        page.wait_for_timeout(
            4 * SETTLE_MILLISECONDS
        )  # the chart's last point, the log's last line
        take_both_widths(page, look, "task")
    page.goto(f"{url}/projects/{project}/tasks/")
    for box in page.locator(".tasks-choose input").all():
        box.check()
    take_both_widths(page, look, "tasks")
    page.locator("[data-needs='2']").click()
    page.locator(".tasks-compare").wait_for()
    take_here(page, look, "tasks-compare")


def take_both_widths(page: Page, look: Look, name: str) -> None:
    """What the page shows now, wide and then on a narrow screen."""
    wide = page.viewport_size
    take_here(page, look, name)
    page.set_viewport_size(NARROW_SCREEN)
    take_here(page, replace(look, narrow=True), name)
    page.set_viewport_size(wide)


def take_administration(browser: Browser, platform: Platform, language: str) -> None:
    """The one-time link, which stays unused."""
    page = open_page(browser, Look(language))
    take(page, Look(language), "admin-link", platform.admin_link)


def open_page(browser: Browser, look: Look) -> Page:
    context = browser.new_context(
        viewport=NARROW_SCREEN if look.narrow else WIDE_SCREEN,
        locale=LOCALES[look.language],
        color_scheme="dark" if look.dark else "light",
    )
    return context.new_page()


def take(page: Page, look: Look, name: str, url: str) -> None:
    page.goto(url)
    take_here(page, look, name)


def take_here(page: Page, look: Look, name: str) -> None:
    draw(page)
    keep(page, look, name)


def draw(page: Page) -> None:
    """Until all that the page shows is there."""
    page.evaluate(LOAD_ALL)
    if page.locator("#preview").count():
        page.locator("#preview .preview-name").wait_for()
        page.wait_for_timeout(SETTLE_MILLISECONDS)  # what is known of its columns comes behind
    frame = page.locator(".notebook-frame iframe")
    if frame.count():
        frame.first.scroll_into_view_if_needed()
        frame.first.content_frame.locator(".notebook .cell").first.wait_for()
        page.evaluate("scrollTo(0, 0)")


def keep(page: Page, look: Look, name: str) -> None:
    """Write what the page shows, at most three screens of it.

    The window grows to the page: what is outside it, Chromium may leave unpainted.
    """
    window = page.viewport_size
    for _ in range(2):  # parts that follow the window's height make the page longer
        long = page.evaluate("document.documentElement.scrollHeight")
        height = max(window["height"], min(long, 3 * window["height"]))
        page.set_viewport_size({"width": window["width"], "height": height})
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.save(FOLDER / f"{name}{look.suffix}.webp", quality=82)
    page.set_viewport_size(window)
    print(f"{name}{look.suffix}", flush=True)


if __name__ == "__main__":
    main()
