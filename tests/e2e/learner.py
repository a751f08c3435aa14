"""What a learner does in the browser, one method a step; English or Chinese."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

START_MILLISECONDS = 240_000  # a cold start on a busy machine, environment already built
WORDS = {
    "en": {
        "fork": "Fork",
        "house_prices": "House prices",
        "cluster_digits": "Handwritten digits, on a cluster",
        "sign_up": "Sign up",
        "save_version": "Save version",
        "save": "Save",
    },
    "zh": {
        "fork": "Fork",
        "house_prices": "房价预测",
        "cluster_digits": "手写数字识别（集群）",
        "sign_up": "注册",
        "save_version": "保存版本",
        "save": "保存",
    },
}


class Learner:
    """A browser page in one language at one platform."""

    def __init__(self, page: Page, url: str, language: str = "en") -> None:
        self.page = page
        self.url = url
        self.words = WORDS[language]

    def sign_up(self, name: str) -> None:
        self.page.goto(f"{self.url}/accounts/signup/")
        form = self.page.locator("form:has([name=password1])")
        form.locator("[name=username]").fill(name)
        form.locator("[name=email]").fill(f"{name}@example.org")
        form.locator("[name=password1]").fill("correct-horse-9")
        form.locator("[name=password2]").fill("correct-horse-9")
        form.locator("button[type=submit]").click()
        self.page.wait_for_url(f"{self.url}/")

    def open_official(self, name: str) -> None:
        """From the hall, the official project of that name."""
        self.page.goto(f"{self.url}/")
        self.page.get_by_role("link", name=name, exact=True).first.click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(name)
        self.page.wait_for_load_state()  # before its scripts run, links open pages, no dialogs

    def fork(self) -> int:
        """Fork the open project; the fork's id."""
        source = self.page.url
        self.page.locator(".work-actions").get_by_role("link", name="Fork").click()
        self.page.locator("dialog button[type=submit]").click()
        self.page.wait_for_url(lambda url: "/projects/" in url and url != source)
        return int(re.search(r"/projects/(\d+)/", self.page.url)[1])

    def run(self) -> None:
        """Press Run on the project's page and wait until one can enter."""
        self.page.locator("[data-notebook-start]").click()
        expect(self.page.locator("[data-notebook-enter]")).to_be_visible(
            timeout=START_MILLISECONDS
        )

    def enter(self) -> Page:
        """The notebook, in the tab that Enter opens, once its kernel can be used."""
        with self.page.context.expect_page() as opened:
            self.page.locator("[data-notebook-enter]").click()
        notebook = opened.value
        wait_for_kernel(notebook)
        return notebook

    def save_version(self, note: str) -> None:
        """Save a version from the project's page."""
        self.page.locator(".work-actions [data-bs-toggle=dropdown]").click()
        actions = self.page.locator(".work-actions")
        actions.get_by_role("link", name=self.words["save_version"]).click()
        self.page.locator("dialog [name=note]").fill(note)
        self.page.locator("dialog button[type=submit]").click()
        expect(self.page.get_by_text(note).first).to_be_visible()


def wait_for_kernel(notebook: Page) -> None:
    """Until the notebook is drawn and its kernel idle."""
    expect(notebook.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=90_000)
    expect(notebook.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute(
        "data-status", "idle", timeout=90_000
    )


def run_all(notebook: Page) -> None:
    """Run → Run All Cells, by the menu."""
    notebook.locator(".lm-MenuBar-itemLabel").nth(3).click()
    notebook.locator("li.lm-Menu-item[data-command='runmenu:run-all']").click()


def prompts(notebook: Page) -> list[str]:
    """The execution marks of the code blocks, as ``[1]:``, ``[*]:``, ``[ ]:``."""
    return notebook.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()


def outputs(notebook: Page) -> Locator:
    return notebook.locator(".jp-OutputArea-output")


def shot(page: Page, folder: Path | None, name: str, *, full: bool = False) -> None:
    """A picture for people, when a folder is given."""
    if folder:
        page.screenshot(path=str(folder / f"{name}.png"), full_page=full)
