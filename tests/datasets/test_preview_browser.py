"""Previews in a real browser: prepared while one waits, sorted by keyboard, read by everybody."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from lyceum.datasets import actions
from tests.datasets.making import address, make_dataset

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TABLE = "id,city\n" + "".join(f"{n},{'东西南北'[n % 4]}\n" for n in range(120)) + "120\n"


@pytest.fixture
def files(lin, tmp_path: Path) -> int:
    """The id of a dataset whose second version holds something of each look."""
    picture, packed = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(picture, "PNG")
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("训练/a.csv"))
    made = {
        "a.csv": TABLE.encode("gbk"),
        "a.py": b"def f(x):\n    return x  # it\n",
        "a.md": b"# A\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "a.tar": packed.getvalue(),
        "p/a.png": picture.getvalue(),
        "p/b.png": picture.getvalue(),
    }
    sources = {}
    for number, (path, data) in enumerate(made.items()):
        sources[path] = tmp_path / str(number)
        sources[path].write_bytes(data)
    dataset = make_dataset(lin)
    actions.add_files_version(dataset, files=sources, note="")
    return dataset.pk


def test_a_table_is_prepared_and_then_sorted_by_keyboard(
    page: Page, live_server: LiveServer, files: int
) -> None:
    page.goto(live_server.url + address("preview", files, 2, "a.csv"))
    expect(page.get_by_text("Rows 1–50 of 120")).to_be_visible()
    expect(page.get_by_text("1 row is left out: at line 122")).to_be_visible()
    head = page.get_by_role("columnheader", name="id")
    for order, first in (("ascending", "1"), ("descending", "120")):
        head.get_by_role("link").press("Enter")
        expect(head).to_have_attribute("aria-sort", order)
        expect(page.locator("tbody .preview-number").first).to_have_text(first)
    page.get_by_role("searchbox", name="Search the table").fill("北")
    page.get_by_role("searchbox", name="Search the table").press("Enter")
    expect(page.get_by_text("Matches 1–30")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_everybody_can_read_it(
    page: Page, live_server: LiveServer, files: int, colours: str, width: int
) -> None:
    """axe-core finds nothing against WCAG 2 A and AA, and nothing is wider than the screen."""
    page.emulate_media(color_scheme=colours)
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("a.csv", "a.py", "a.md", "a.tar", "p/a.png"):
        page.goto(live_server.url + address("preview", files, 2, path))
        page.wait_for_load_state("networkidle")
        if path == "a.csv":
            expect(page.get_by_text("Rows 1–50 of 120")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
        problems = [
            f"{path} {violation['id']} at {node['target']}: {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert not problems, "\n".join(problems)
