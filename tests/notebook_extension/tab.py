"""A notebook in a browser, handled as a learner does: clicks, keys, what is on the screen."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Locator, Page, expect

DONE = re.compile(r"\[\d+\]:")


class Tab:
    """One open notebook; new blocks go to its end."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.blocks = page.locator(".jp-Notebook .jp-Cell")
        self.active = page.locator(".jp-Notebook .jp-Cell.jp-mod-active")
        # Each test begins with the file written anew, which on a busy machine the
        # notebook server may notice while the one before is still being closed.
        changed = page.get_by_role("dialog", name="File Changed")
        page.add_locator_handler(changed, lambda dialog: dialog.press("Escape"))

    @classmethod
    def open(cls, page: Page, address: str) -> Tab:
        page.goto(address)
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=90_000)
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(
            state="attached", timeout=90_000
        )
        return cls(page)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def button(self, name: str | re.Pattern[str]) -> None:
        """Click a button of the notebook's toolbar by what it is called."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_role(
            "button", name=name
        ).first.click()

    def menu(self, *path: str) -> None:
        """Choose from the menu bar: ``menu("Kernel", "Interrupt Kernel")``."""
        for item in path:
            self.page.get_by_role("menuitem", name=item, exact=True).last.click()

    def last(self) -> None:
        """Select the last block, in command mode."""
        self.blocks.last.scroll_into_view_if_needed()
        self.blocks.last.locator(".jp-InputPrompt, .jp-Collapser").first.click()
        self.press("Escape")

    def write(self, source: str, *, text: bool = False) -> Locator:
        """Insert a block at the end by its button and type into it; the block."""
        self.last()
        self.button("Text" if text else "Code")
        self.page.keyboard.insert_text(source)
        return self.blocks.nth(self.index())

    def run(self, source: str, *, wait: bool = True) -> Locator:
        """Write a code block and run it with Shift-Enter; the block."""
        block = self.write(source)
        self.press("Shift+Enter")
        if wait:
            self.wait_done(block)
        return block

    def preview(self, source: str) -> Locator:
        """Write a text block and render it; what is shown."""
        block = self.write(source, text=True)
        self.press("Shift+Enter")
        shown = block.locator(".jp-RenderedMarkdown")
        expect(shown).to_be_visible()
        return shown

    def prompt(self, block: Locator) -> Locator:
        return block.locator(".jp-InputArea-prompt")

    def wait_done(self, block: Locator, seconds: float = 60) -> None:
        expect(self.prompt(block)).to_have_text(DONE, timeout=seconds * 1000)

    def output(self, block: Locator) -> str:
        return "\n".join(block.locator(".jp-OutputArea-output").all_text_contents())

    def source(self, block: Locator | None = None) -> str:
        lines = (block or self.active).locator(".cm-line").all_text_contents()
        return "\n".join(lines)

    def index(self) -> int:
        """The active block's place."""
        return self.blocks.evaluate_all(
            "blocks => blocks.findIndex(one => one.classList.contains('jp-mod-active'))"
        )

    def mode(self) -> str:
        classes = self.page.locator(".jp-Notebook").get_attribute("class") or ""
        return "edit" if "jp-mod-editMode" in classes else "command"

    def wait_until(self, condition, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            self.page.wait_for_timeout(100)
