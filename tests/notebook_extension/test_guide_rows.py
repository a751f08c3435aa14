"""Every row of the guide's section Notebook使用说明, as docs/notebook.md lists them."""

from __future__ import annotations

import base64
import io
import re
import wave
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.notebook_extension.server import NotebookServer
from tests.notebook_extension.tab import Tab

pytestmark = pytest.mark.browser

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
BLUE, GREEN = "rgb(25, 118, 210)", "rgb(46, 158, 68)"


@pytest.fixture(scope="module")
def module_context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture(scope="module")
def tab(module_context: BrowserContext, server: NotebookServer, modern: str) -> Tab:
    """One notebook for all rows; each test adds its own blocks at the end."""
    (server.home / "helper.py").write_text("print('run from a file')\nfrom_file = 7\n")
    name = server.notebook("'first block'", kernel=modern, name="guide.ipynb")
    return Tab.open(module_context.new_page(), server.page(name))


# 操作区


def test_insert_a_code_block(tab: Tab) -> None:
    before = tab.blocks.count()
    block = tab.write("1 + 1")
    assert tab.blocks.count() == before + 1
    expect(block).to_have_class(re.compile("jp-CodeCell"))


def test_insert_a_text_block(tab: Tab) -> None:
    block = tab.write("**bold**", text=True)
    expect(block).to_have_class(re.compile("jp-MarkdownCell"))
    tab.press("Shift+Enter")
    expect(block.locator("strong")).to_have_text("bold")


def test_switch_between_code_and_text(tab: Tab) -> None:
    tab.write("a = 1")
    tab.button("Code/Text")
    expect(tab.active).to_have_class(re.compile("jp-MarkdownCell"))
    tab.button("Code/Text")
    expect(tab.active).to_have_class(re.compile("jp-CodeCell"))


def test_run_button_runs_and_activates_the_next(tab: Tab) -> None:
    tab.write("'one'")
    first = tab.index()
    tab.write("'two'")
    tab.blocks.nth(first).locator(".jp-InputPrompt").click()
    tab.press("Escape")
    tab.button(re.compile("^Run .* and advance"))
    assert tab.index() == first + 1
    tab.press("Escape")
    tab.button(re.compile("^Run .* and advance"))
    for place, said in ((first, "'one'"), (first + 1, "'two'")):
        tab.wait_done(tab.blocks.nth(place))
        assert said in tab.output(tab.blocks.nth(place))


def test_interrupt_button(tab: Tab) -> None:
    block = tab.run("import time\nwhile True: time.sleep(.1)", wait=False)
    expect(tab.prompt(block)).to_have_text("[*]:")
    behind = tab.run("'waits'", wait=False)
    tab.page.wait_for_timeout(1500)
    tab.button("Interrupt the kernel")
    tab.wait_done(block)
    assert "KeyboardInterrupt" in tab.output(block)
    expect(tab.prompt(behind)).to_have_text("[ ]:")


def test_restart_button_clears_variables(tab: Tab) -> None:
    tab.run("kept = 1")
    tab.button("Restart the kernel")
    tab.page.get_by_role("button", name="Confirm Kernel Restart").click()
    tab.page.wait_for_timeout(2000)
    assert "NameError" in tab.output(tab.run("kept"))


# Notebook内容编辑区


def test_modes_have_the_guides_colours(tab: Tab) -> None:
    tab.write("x")
    mark = tab.active.locator(".jp-Collapser").first
    assert tab.mode() == "edit"
    expect(mark).to_have_css("background-color", GREEN)
    tab.press("Escape")
    assert tab.mode() == "command"
    expect(mark).to_have_css("background-color", BLUE)
    tab.press("Enter")
    assert tab.mode() == "edit"


def test_mouse(tab: Tab) -> None:
    block = tab.write("y")
    block.locator(".jp-InputPrompt").click()
    assert tab.mode() == "command"
    block.locator(".cm-content").click()
    assert tab.mode() == "edit"
    shown = tab.preview("# title")
    shown.dblclick()
    tab.wait_until(lambda: "# title" in tab.source())
    tab.active.locator(".cm-content").click()
    tab.wait_until(lambda: tab.mode() == "edit")


def test_keys_of_command_mode(tab: Tab) -> None:
    tab.write("'here'")
    tab.press("Escape")
    place, count = tab.index(), tab.blocks.count()
    tab.press("b")
    assert (tab.index(), tab.blocks.count()) == (place + 1, count + 1)
    tab.press("d", "d")
    assert tab.blocks.count() == count
    tab.blocks.nth(place).locator(".jp-InputPrompt").click()
    tab.press("a")
    assert (tab.index(), tab.blocks.count()) == (place, count + 1)
    tab.press("d", "d")
    tab.blocks.nth(place).locator(".jp-InputPrompt").click()
    tab.press("Shift+Enter")
    tab.wait_done(tab.blocks.nth(place))
    tab.press("Enter")
    assert tab.mode() == "edit"


@pytest.mark.parametrize("platform", ["Linux x86_64", "MacIntel"])
def test_keys_of_edit_mode(
    browser: Browser, server: NotebookServer, modern: str, platform: str
) -> None:
    """Ctrl on Windows and Linux, Command on a Mac, which the page tells by its platform."""
    key = "Meta" if platform == "MacIntel" else "Control"
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(
        f"Object.defineProperty(navigator, 'platform', {{get: () => '{platform}'}})"
    )
    tab = Tab.open(context.new_page(), server.page(server.notebook("", kernel=modern)))
    tab.write("value = 1")
    for press, source in (
        (f"{key}+]", "    value = 1"),
        (f"{key}+[", "value = 1"),
        (f"{key}+/", "# value = 1"),
        (f"{key}+/", "value = 1"),
    ):
        tab.press(press)
        tab.wait_until(lambda source=source: tab.source() == source)
        tab.page.wait_for_timeout(300)
    block = tab.active
    place = tab.index()
    tab.press("Shift+Enter")
    tab.wait_done(tab.blocks.nth(place))
    assert block.count()
    context.close()


def test_tab_key_shows_completions(tab: Tab) -> None:
    tab.run("import math")
    tab.write("math.isn")
    tab.press("Tab")
    expect(tab.page.locator(".jp-Completer")).to_contain_text("isnan")
    tab.press("Enter")
    tab.wait_until(lambda: tab.source() == "math.isnan")


# 代码块说明


def test_prompts_tell_what_a_block_does(tab: Tab) -> None:
    block = tab.write("import time; time.sleep(2)")
    expect(tab.prompt(block)).to_have_text("[ ]:")
    tab.press("Shift+Enter")
    expect(tab.prompt(block)).to_have_text("[*]:")
    tab.wait_done(block)


def test_linux_commands(tab: Tab) -> None:
    assert "helper.py" in tab.output(tab.run("!ls && echo 你好"))


@pytest.mark.parametrize("source", ["?print", "print?"])
def test_question_mark_explains(tab: Tab, source: str) -> None:
    assert "Prints the values" in tab.output(tab.run(source))


MAGICS = {
    "%timeit": ("%timeit -n 10 -r 2 sum(range(9))", r"per loop"),
    "%%timeit": ("%%timeit -n 10 -r 2\nsum(range(9))", r"per loop"),
    "%run": ("%run helper.py\nfrom_file", r"run from a file[\s\S]*7"),
    "%pwd": ("%pwd", r"/home"),
    "%ls": ("%ls", r"helper\.py"),
    "%reset": ("%reset -f\n%who", r"Interactive namespace is empty"),
    "%who": ("seen_by_who = 1\n%who int", r"seen_by_who"),
    "%whos": ("seen_by_whos = 1\n%whos int", r"seen_by_whos\s+int\s+1"),
    "%xmode Plain": ("%xmode Plain\nint('x')", r"Exception reporting mode: Plain"),
    "%xmode Verbose": ("%xmode Verbose\nint('x')", r"Exception reporting mode: Verbose"),
    "%env": ("%env", r"LYCEUM_ENVIRONMENT"),
    "%lsmagic": ("%lsmagic", r"%%timeit"),
    "Python version": ("import sys; print(sys.version)", r"3\.\d+"),
}


@pytest.mark.parametrize("magic", MAGICS)
def test_magic(tab: Tab, magic: str) -> None:
    source, expected = MAGICS[magic]
    block = tab.run(source)
    tab.wait_until(lambda: re.search(expected, tab.output(block)))


@pytest.mark.parametrize("magic", ["%debug", "%bug"])
def test_debugging_answers_and_quits(tab: Tab, magic: str) -> None:
    tab.run("wrong = 0\n1 / wrong")
    block = tab.run(magic, wait=False)
    for said in ("p wrong", "quit"):
        field = block.locator(".jp-Stdin-input")
        field.fill(said)
        field.press("Enter")
        expect(block).to_contain_text(f"ipdb> {said}")
    tab.wait_done(block)
    assert re.search(r"p wrong\s+0", tab.output(block))


def test_pdb_stops_at_an_error(tab: Tab) -> None:
    tab.run("%pdb on")
    block = tab.run("1 / 0", wait=False)
    field = block.locator(".jp-Stdin-input")
    field.fill("quit")
    field.press("Enter")
    tab.wait_done(block)
    tab.run("%pdb off")


def test_matplotlib_inline_with_chinese(tab: Tab) -> None:
    block = tab.run(
        "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
        "plt.plot([1, 2]); plt.title('房价预测'); plt.show()"
    )
    expect(block.locator("img")).to_be_visible()
    assert "Glyph" not in tab.output(block)


# 文字块说明


def test_text_block_formula_and_table(tab: Tab) -> None:
    shown = tab.preview("$\\alpha^2$\n\n| a | b |\n| - | - |\n| 1 | 2 |")
    expect(shown.locator("mjx-container")).to_be_visible()
    expect(shown.locator("td").first).to_have_text("1")


def test_text_block_picture_audio_video_page(tab: Tab, server: NotebookServer) -> None:
    (server.home / "dot.png").write_bytes(PIXEL)
    (server.home / "tone.wav").write_bytes(_silence())
    shown = tab.preview(
        "![dot](dot.png)\n\n<audio controls src='tone.wav'></audio>\n\n"
        "<video controls src='tone.wav'></video>\n\n"
        "<iframe src='https://example.org/' width='300'></iframe>"
    )
    tab.wait_until(lambda: shown.locator("img").evaluate("img => img.naturalWidth") == 1)
    tab.wait_until(lambda: shown.locator("audio").evaluate("one => one.duration") > 0)
    assert shown.locator("video").count() == 1
    frame = shown.locator("iframe")
    assert frame.get_attribute("src") == "https://example.org/"
    assert "allow-scripts" in (frame.get_attribute("sandbox") or "")


def test_text_block_embeds_nothing_of_this_origin(tab: Tab) -> None:
    shown = tab.preview("before <iframe src='/api/contents'></iframe><script>alert(1)</script>")
    expect(shown).to_contain_text("before")
    assert shown.locator("iframe").get_attribute("src") is None
    assert shown.locator("script").count() == 0


def test_insert_picture(tab: Tab) -> None:
    tab.write("see", text=True)
    block = tab.blocks.nth(tab.index())
    with tab.page.expect_file_chooser() as chosen:
        tab.menu("Edit", "Insert Picture…")
    picture = {"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL}
    chosen.value.set_files([picture])
    image = block.locator(".jp-RenderedMarkdown img")
    tab.wait_until(lambda: image.count() and image.evaluate("img => img.naturalWidth") == 1)


# 工具栏


def test_save_and_checkpoint(tab: Tab, server: NotebookServer) -> None:
    tab.write("'saved by hand'")
    tab.press("Escape", "Control+s")
    sources = lambda: ["".join(cell["source"]) for cell in server.cells("guide.ipynb")]  # noqa: E731
    tab.wait_until(lambda: "'saved by hand'" in sources())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("script", b"first block"), ("html", b"<html"), ("markdown", b"first block")],
)
def test_export(tab: Tab, server: NotebookServer, kind: str, expected: bytes) -> None:
    answer = server.api.get(f"/nbconvert/{kind}/guide.ipynb", params={"download": "true"})
    assert answer.status_code == 200
    content = answer.content
    if content.startswith(b"PK"):  # Markdown comes with its pictures, in an archive.
        archive = zipfile.ZipFile(io.BytesIO(content))
        content = archive.read("guide.md")
    assert expected in content


def test_export_ipynb(tab: Tab, server: NotebookServer) -> None:
    answer = server.api.get("/files/guide.ipynb", params={"download": "1"})
    assert answer.json()["nbformat"] == 4


def test_print_to_pdf_uses_the_browsers_engine(tab: Tab) -> None:
    """A print dialog can't be driven: what is seen is the whole notebook handed to the printer."""
    tab.page.evaluate(
        """() => {
          const printed = node => node.tagName === 'IFRAME' && (window.printed = node.srcdoc);
          const look = records => records.forEach(one => one.addedNodes.forEach(printed));
          new MutationObserver(look)
            .observe(document.body, {childList: true});
        }"""
    )
    tab.menu("File", "Save as PDF (Print)…")
    tab.wait_until(lambda: "first block" in (tab.page.evaluate("window.printed") or ""))


def _silence() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(4000))
    return buffer.getvalue()
