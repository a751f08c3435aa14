"""From the official house-price project to a call of its prediction service, by hand."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.learner import Learner
from tests.serving.house_prices import Trained, train
from tests.support.platform import Platform

pytestmark = pytest.mark.browser

LOADED_MILLISECONDS = 120_000  # a first import of Paddle on a busy machine


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(tmp_path_factory.mktemp("house-prices"))


def test_a_trained_model_becomes_an_api(page: Page, platform: Platform, trained: Trained) -> None:
    """The whole wizard, the test page, a call by the page's own curl command, then online:
    each answers what the notebook has predicted."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    learner = Learner(page, platform.url)
    learner.sign_up("deployer")
    learner.open_official("House prices")
    project = learner.fork()
    model = platform.home / "projects" / str(project) / "home" / "model"
    shutil.copytree(trained.folder, model)

    choose_model(page)
    declare(page, trained)
    convert(page, trained)
    deploy(page)
    assert called(page, trained) == pytest.approx(trained.price, rel=1e-5)
    try_it(page, trained)
    put_online(page)
    assert "/serving/online/" in page.locator("#snippet-curl pre").inner_text()
    assert called(page, trained) == pytest.approx(trained.price, rel=1e-5)
    page.reload()
    expect(page.locator("#new-key")).to_have_count(0)
    assert complaints == []


def choose_model(page: Page) -> None:
    page.get_by_role("button", name="Create a prediction service").click()
    page.get_by_role("button", name=re.compile("house_price")).click()
    expect(page.get_by_label("Main program")).to_have_value(re.compile("^model/house_price"))
    expect(page.get_by_role("heading", name="The model loads")).to_be_visible(
        timeout=LOADED_MILLISECONDS
    )
    page.get_by_role("button", name="Next").click()


def declare(page: Page, trained: Trained) -> None:
    """The thirteen features in the place of the model's own one input."""
    expect(page.get_by_label("Name, row 1").first).to_have_value("x")
    page.get_by_role("button", name="Remove row 1").first.click()
    expect(page.get_by_text("No inputs yet.")).to_be_visible()
    page.get_by_label("Several names at once").fill(", ".join(trained.district))
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_label("Name, row 13")).to_have_value("LSTAT")
    page.get_by_label("From, row 6").fill("nine")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("A number, please.").first).to_be_visible()
    expect(page.get_by_label("From, row 6")).to_have_value("nine")
    page.get_by_label("From, row 6").fill("0")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved to the drafts.")).to_be_visible()
    page.get_by_role("button", name="Next").click()


def convert(page: Page, trained: Trained) -> None:
    """A mistake is shown where it is; without it, the notebook's price comes out."""
    write(page, "converter", trained.converter.replace('data_args["RM"]', 'data_args["ROOMS"]'))
    write(page, "sample", json.dumps(trained.district))
    page.get_by_role("button", name="Try it").click()
    result = page.locator("#trial")
    expect(result.get_by_text("It failed")).to_be_visible(timeout=LOADED_MILLISECONDS)
    expect(result).to_contain_text("KeyError")
    expect(result).to_contain_text("line 9")
    expect(editor(page, "converter").locator(".cm-lint-marker-error")).to_have_count(1)
    write(page, "converter", trained.converter)
    page.get_by_role("button", name="Try it").click()
    expect(result.get_by_text("It works")).to_be_visible(timeout=LOADED_MILLISECONDS)
    shown = json.loads(result.locator("pre").first.inner_text())
    assert shown["predict"][0] == pytest.approx(trained.price, rel=1e-5)
    expect(result).to_contain_text(f"district of {trained.district['RM']} rooms")
    page.get_by_role("button", name="Next").click()


def deploy(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("Linear, 60 epochs")
    page.get_by_role("button", name="Create the sandbox").click()
    expect(page.get_by_role("heading", name="Your API key")).to_be_visible()
    runs(page)


def try_it(page: Page, trained: Trained) -> None:
    """The test page: the prefilled request, then one with a parameter of another type."""
    page.get_by_role("link", name="Test", exact=True).click()
    page.get_by_role("button", name="Send").click()
    answer = page.locator("#answer")
    expect(answer.locator(".badge")).to_have_text("200")
    shown = json.loads(answer.locator("pre").first.inner_text())
    assert shown["predict"][0] == pytest.approx(trained.price, rel=1e-5)
    expect(answer).to_contain_text(f"district of {trained.district['RM']} rooms")
    write(page, "body", json.dumps({**trained.district, "RM": "six"}))
    page.get_by_role("button", name="Send").click()
    expect(answer.locator(".badge")).to_have_text("400")
    expect(answer).to_contain_text("wrong_type")


def put_online(page: Page) -> None:
    page.get_by_role("button", name="Deploy online").click()
    page.get_by_role("dialog").get_by_role("button", name="Deploy online").click()
    expect(page.get_by_role("heading", name="Your API key")).to_be_visible()
    runs(page)


def called(page: Page, trained: Trained) -> float:
    """The price that the page's curl command gets, as it stands there."""
    command = page.locator("#snippet-curl pre").inner_text()
    done = subprocess.run(
        ["bash", "-c", command.replace("curl ", "curl --silent --show-error ", 1)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)["predict"][0]


def runs(page: Page) -> None:
    expect(page.locator("#service-state .badge")).to_have_text(
        re.compile("Running"), timeout=LOADED_MILLISECONDS
    )


def editor(page: Page, field: str) -> Locator:
    return page.locator(f"#{field} + .code-editor")


def write(page: Page, field: str, text: str) -> None:
    """Put ``text`` into the editor of the text field ``field``, in the place of what is there."""
    content = editor(page, field).locator(".cm-content")
    content.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)
    expect(page.locator(f"#{field}")).to_have_value(text)
