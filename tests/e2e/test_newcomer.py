"""The main job: a newcomer trains a model in a notebook and watches its loss.

Issue "the platform stands up": sign up → fork → run → run all blocks → see the
numbers (with the tab closed in the middle) → VisualDL → save version → the
project page renders it.
"""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.learner import Learner, run_all, wait_for_kernel
from tests.support.platform import Platform

EPOCHS = (0, 10, 20, 30, 40, 50, 59)
TRAINING = 4  # the training block's place among the code blocks


@pytest.mark.browser
@pytest.mark.timeout(900)
def test_a_newcomer_forks_trains_watches_and_saves(
    platform: Platform, context: BrowserContext, page: Page
) -> None:
    context.set_default_timeout(60_000)
    learner = Learner(page, platform.url)
    learner.sign_up(f"newcomer-{secrets.token_hex(3)}")
    learner.open_official("House prices")
    project = learner.fork()
    learner.run()
    notebook = learner.enter()
    address = notebook.url
    assert re.fullmatch(
        rf"http://notebooks\.localhost:{platform.port}/user/\d+/{project}"
        rf"/notebooks/{project}\.ipynb",
        address,
    )

    _leave_in_the_middle_of_training(notebook)
    notebook = context.new_page()
    notebook.goto(address)
    wait_for_kernel(notebook)
    predicted = _everything_printed_is_there(notebook)

    _visualdl_draws_the_loss(context, address)

    notebook.close()
    page.bring_to_front()
    learner.save_version("My first model")
    saved = page.frame_locator(".notebook-frame iframe")
    expect(saved.locator("body")).to_contain_text(predicted, timeout=60_000)
    expect(saved.locator("img[src^='data:image/png']").first).to_be_visible()


def _leave_in_the_middle_of_training(notebook: Page) -> None:
    """Close the tab once the training block, and nothing after it, prints.

    The fork carries the official project's outputs, so what counts is the marks.
    """
    run_all(notebook)
    marks = notebook.locator(".jp-CodeCell .jp-InputPrompt")
    expect(marks.nth(TRAINING - 1)).to_have_text("[4]:", timeout=120_000)
    expect(marks.nth(TRAINING)).to_have_text("[*]:")
    expect(marks.last).to_have_text("[*]:")
    notebook.close()


def _everything_printed_is_there(notebook: Page) -> str:
    """Also the last block's line, which no run repeats to the digit."""
    marks = notebook.locator(".jp-CodeCell .jp-InputPrompt")
    expect(marks).to_have_text([f"[{number}]:" for number in range(1, 10)], timeout=180_000)
    training = notebook.locator(".jp-CodeCell").nth(TRAINING).inner_text()
    for epoch in EPOCHS:
        assert re.search(rf"epoch +{epoch} +train", training), f"epoch {epoch} in {training!r}"
    last = notebook.locator(".jp-CodeCell").last.inner_text()
    return re.search(r"predicted price: \d+\.\d", last)[0]


def _visualdl_draws_the_loss(context: BrowserContext, address: str) -> None:
    board = context.new_page()
    board.goto(re.sub(r"notebooks/.*", "visualdl", address))
    expect(board.get_by_text("lr=0.01").first).to_be_visible(timeout=120_000)
    expect(board.locator("canvas")).to_have_count(2, timeout=60_000)  # loss/train and loss/test
    board.close()
