"""The guide's 侧边栏, the way back, and work that outlives its tab, in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.notebook_extension.conftest import OLD
from tests.notebook_extension.platform import Platform
from tests.notebook_extension.server import NotebookServer
from tests.notebook_extension.tab import Tab

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(page: Page, chinese_server: NotebookServer, modern: str) -> Tab:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    name = chinese_server.notebook("1", kernel=modern)
    return Tab.open(page, chinese_server.page(name))


def row(page: Page, name: str) -> Locator:
    return page.locator(".lyceum-row", has_text=name).first


def act(page: Page, name: str, action: str) -> None:
    row(page, name).hover()
    row(page, name).get_by_role("button", name=action).click()


def tool(page: Page, name: str) -> None:
    page.locator(".lyceum-tools").first.get_by_role("button", name=name).click()


def answer(page: Page, value: str) -> None:
    field = page.locator("dialog input").last
    field.fill(value)
    field.press("Enter")


def test_folders(tab: Tab, chinese_server: NotebookServer) -> None:
    page, home = tab.page, chinese_server.home
    tool(page, "新建文件夹")
    answer(page, "我的数据")
    expect(row(page, "我的数据")).to_be_visible()
    assert (home / "我的数据").is_dir()
    act(page, "我的数据", "复制路径")
    expect(page.get_by_text("已复制").first).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == str(home / "我的数据")
    act(page, "我的数据", "重命名")
    answer(page, "新名字")
    expect(row(page, "新名字")).to_be_visible()
    (home / "新名字/里面.txt").write_text("x")
    act(page, "新名字", "删除")
    page.locator("dialog").get_by_role("button", name="删除").click()
    expect(row(page, "新名字")).to_have_count(0)
    assert not (home / "新名字").exists()


def test_upload_download_rename(tab: Tab, chinese_server: NotebookServer, tmp_path: Path) -> None:
    page, home = tab.page, chinese_server.home
    small, large = tmp_path / "训练.csv", tmp_path / "large.bin"
    small.write_text("a,b\n1,2\n")
    large.write_bytes(bytes(20_000_001))
    with page.expect_file_chooser() as chosen:
        tool(page, "上传文件")
    chosen.value.set_files([str(small), str(large)])
    expect(row(page, "训练.csv")).to_be_visible()
    expect(page.get_by_text("请将它创建为数据集")).to_be_visible()
    assert (home / "训练.csv").read_text() == small.read_text()
    assert not (home / "large.bin").exists()
    row(page, "训练.csv").hover()
    with page.expect_download() as download:
        row(page, "训练.csv").get_by_role("button", name="下载").click()
    assert Path(download.value.path()).read_text() == small.read_text()
    act(page, "训练.csv", "重命名")
    answer(page, "测试.csv")
    expect(row(page, "测试.csv")).to_be_visible()


def test_refresh_shows_what_code_wrote(tab: Tab, chinese_server: NotebookServer) -> None:
    (chinese_server.home / "written.txt").write_text("x")
    tool(tab.page, "刷新")
    expect(row(tab.page, "written.txt")).to_be_visible()


def test_by_keyboard_alone(tab: Tab, chinese_server: NotebookServer) -> None:
    page = tab.page
    (chinese_server.home / "aaa").mkdir(exist_ok=True)
    (chinese_server.home / "aaa/inner.txt").write_text("x")
    tool(page, "刷新")
    row(page, "aaa").focus()
    tab.press("ArrowRight")
    expect(row(page, "inner.txt")).to_be_visible()
    tab.press("ArrowDown")
    expect(row(page, "inner.txt")).to_be_focused()
    tab.press("F2")
    answer(page, "renamed.txt")
    expect(row(page, "renamed.txt")).to_be_visible()


def test_datasets_empty_then_mounted(tab: Tab, chinese_server: NotebookServer) -> None:
    page = tab.page
    expect(page.get_by_text("这个项目还没有数据集")).to_be_visible()
    folder = chinese_server.home / "data/data5"
    folder.mkdir(parents=True)
    (folder / "housing.data").write_text("x" * 1500)
    page.locator(".lyceum-tools").nth(1).get_by_role("button", name="刷新").click()
    expect(row(page, "housing.data")).to_contain_text("1.5 KB")
    act(page, "housing.data", "复制路径")
    expect(page.get_by_text("已复制").first).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == str(folder / "housing.data")


def test_visualdl_opens_beside_the_notebook(tab: Tab, chinese_server: NotebookServer) -> None:
    with tab.page.expect_popup() as opened:
        tab.button("VisualDL")
    assert opened.value.url.startswith(f"{chinese_server.url}/visualdl")


def test_it_also_is_in_jupyterlab(page: Page, chinese_server: NotebookServer, modern: str) -> None:
    name = chinese_server.notebook("'in lab'", kernel=modern)
    tab = Tab.open(page, chinese_server.page(name, lab=True))
    page.locator("[data-id=lyceum-side-bar]").first.click()
    expect(row(page, name)).to_be_visible()
    tab.blocks.first.locator(".cm-content").click()
    tab.press("Shift+Enter")
    tab.wait_done(tab.blocks.first)


def test_save_version_and_what_was_left_out(
    page: Page, connected: NotebookServer, platform: Platform, modern: str
) -> None:
    platform.answer = (200, {})
    tab = Tab.open(page, connected.page(connected.notebook("1", kernel=modern)))
    left = [{"path": "big.bin", "size": 30_000_000, "reason": "too_large"}]
    platform.answer = (201, {"number": 7, "left_out": left, "left_out_count": 1})
    tab.button("Save version")
    answer(page, "before the change")
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Version 7 saved")
    expect(dialog).to_contain_text("big.bin")
    assert platform.requests[-1][3] == {"note": "before the change"}


def test_idle_warning_and_to_go_on(
    page: Page, connected: NotebookServer, platform: Platform, modern: str
) -> None:
    platform.answer = (200, {"idle_warning": True, "idle_stop_at": "2030-01-01T12:34:00Z"})
    Tab.open(page, connected.page(connected.notebook("1", kernel=modern)))
    warning = page.locator(".Toastify__toast", has_text="A version is saved first")
    expect(warning).to_be_visible()
    warning.get_by_role("button", name="Keep it running").click()
    expect(warning).to_have_count(0)
    assert platform.requests[-1][1].endswith("/33852/notebook/activity")


def test_the_way_back_to_the_project(
    page: Page, connected: NotebookServer, platform: Platform, modern: str
) -> None:
    platform.answer = (200, {})
    tab = Tab.open(page, connected.page(connected.notebook("1", kernel=modern)))
    page.route("http://portal.example/**", lambda route: route.fulfill(body="the project"))
    tab.button("Project")
    page.wait_for_url("http://portal.example/projects/33852/")


@pytest.mark.parametrize("kernel", ["", OLD], ids=["present", "python2"])
def test_what_is_printed_with_the_tab_closed_is_there(
    page: Page, server: NotebookServer, modern: str, kernels: dict[str, Path], kernel: str
) -> None:
    if kernel and kernel not in kernels:
        pytest.skip("Python 2.7 is not on this machine")
    name = server.notebook(
        "from __future__ import print_function\nimport sys, time\n"
        "for i in range(1, 21): print('line', i); sys.stdout.flush(); time.sleep(.4)",
        "from IPython.display import display, HTML\n"
        "for i in range(4): display(HTML('<b>shown</b>')); time.sleep(.4)\n1 / 0",
        kernel=kernel or modern,
    )
    tab = Tab.open(page, server.page(name))
    tab.blocks.first.locator(".cm-content").click()
    tab.press("Shift+Enter")
    expect(tab.blocks.first).to_contain_text("line 3")
    tab.press("Shift+Enter")
    page.close(run_before_unload=True)  # As a person closes a tab.
    lost = page.context.new_page()
    lost.wait_for_timeout(9000)
    tab = Tab.open(lost, server.page(name))
    expect(tab.prompt(tab.blocks.nth(1))).to_have_text(re.compile(r"\[2\]:"), timeout=30_000)
    expect(tab.prompt(tab.blocks.first)).to_have_text(re.compile(r"\[1\]:"))
    printed = tab.output(tab.blocks.first)
    assert re.findall(r"line (\d+)", printed) == [str(i) for i in range(1, 21)]
    expect(tab.blocks.nth(1).locator("b")).to_have_count(4)
    expect(tab.blocks.nth(1)).to_contain_text("ZeroDivisionError")


def test_a_question_survives_its_tab(page: Page, server: NotebookServer, modern: str) -> None:
    name = server.notebook("name = input('name? ')\nprint('Hello', name)", kernel=modern)
    tab = Tab.open(page, server.page(name))
    tab.blocks.first.locator(".cm-content").click()
    tab.press("Shift+Enter")
    expect(tab.blocks.first.locator(".jp-Stdin-input")).to_be_visible()
    page.reload()
    field = tab.blocks.first.locator(".jp-Stdin-input")
    field.fill("Ada")
    field.press("Enter")
    expect(tab.blocks.first).to_contain_text("Hello Ada")
