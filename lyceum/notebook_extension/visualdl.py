"""VisualDL at ``<server>/visualdl``: started on demand on the project's log folder.

The guide's rule: replace ``notebooks…`` in a project's address by ``visualdl``.
The command comes from the platform in the variable ``LYCEUM_DASHBOARD``, a JSON
list with the place ``{port}``; unset for environments without a dashboard.
"""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
from pathlib import Path
from string import Template
from typing import Any

from jupyter_server.utils import url_path_join
from jupyter_server_proxy.handlers import AddSlashHandler, SuperviseAndProxyHandler
from tornado import web

LOG_FOLDER = Path("~/log").expanduser()
START_SECONDS = 90

_TEXTS = {
    "zh-hans": {
        "missing_title": "还没有训练日志",
        "missing": "VisualDL 展示 <code>/home/aistudio/log</code> 里的日志，这个文件夹还不存在。"
        "在训练代码中加入下面几行并运行，本页会自动打开 VisualDL。",
        "starting_title": "VisualDL 正在启动",
        "starting": "第一次启动需要几秒钟，启动后会自动打开。",
        "failed_title": "VisualDL 没有启动成功",
        "failed": "请稍后刷新本页重试。",
        "none_title": "这个项目环境没有 VisualDL",
        "none": "请使用 PaddlePaddle 项目环境来查看训练过程。",
    },
    "en": {
        "missing_title": "No training log yet",
        "missing": "VisualDL shows the logs in <code>/home/aistudio/log</code>, and that folder "
        "does not exist yet. Put these lines into your training code and run it; "
        "this page then opens VisualDL by itself.",
        "starting_title": "VisualDL is starting",
        "starting": "The first start takes a few seconds; it opens by itself.",
        "failed_title": "VisualDL did not start",
        "failed": "Reload this page in a moment to try again.",
        "none_title": "This project environment has no VisualDL",
        "none": "Choose a PaddlePaddle environment to watch a training.",
    },
}

# How to write a log, by the major version of the learner's visualdl.
_EXAMPLES = {
    1: """from visualdl import LogWriter

logwriter = LogWriter("./log", sync_cycle=10)
with logwriter.mode("train") as writer:
    loss_scalar = writer.scalar("loss")

for step in range(100):
    loss_scalar.add_record(step, 1.0 / (step + 1))""",
    2: """from visualdl import LogWriter

with LogWriter(logdir="./log") as writer:
    for step in range(100):
        writer.add_scalar(tag="train/loss", step=step, value=1.0 / (step + 1))""",
}

_PAGE = Template("""<!doctype html>
<html lang="$lang"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">$reload<title>$title</title>
<style>
body { font: 1rem/1.6 system-ui, "Noto Sans CJK SC", sans-serif; margin: 0; min-height: 100vh;
  display: grid; place-content: center; padding: 1.5rem; box-sizing: border-box; }
main { max-width: 42rem; min-width: 0; }
h1 { font-size: 1.375rem; font-weight: 600; margin: 0 0 .5rem; }
pre { padding: 1rem; border: 1px solid #8886; border-radius: .375rem; overflow-x: auto; }
</style></head><body><main><h1>$title</h1><p>$text</p>$example</main></body></html>
""")


def command() -> list[str]:
    """The dashboard's argv with the place ``{port}``; empty where there is none."""
    return json.loads(os.environ.get("LYCEUM_DASHBOARD") or "[]")


def page(which: str, *, reload_seconds: int | None = None, example: str = "") -> str:
    """One of the pages shown instead of VisualDL, in the learner's language."""
    language = os.environ.get("LYCEUM_LANGUAGE", "zh-hans")
    texts = _TEXTS.get(language, _TEXTS["zh-hans"])
    refresh = f'<meta http-equiv="refresh" content="{reload_seconds}">'
    return _PAGE.substitute(
        lang=language,
        reload=refresh if reload_seconds else "",
        title=texts[f"{which}_title"],
        text=texts[which],
        example=f"<pre><code>{html.escape(example)}</code></pre>" if example else "",
    )


def example() -> str:
    """Lines that write a log with the visualdl of the learner's environment."""
    prefix = Path(command()[0]).parent.parent
    found = next(prefix.glob("lib/python*/site-packages/visualdl-*.dist-info"), None)
    major = re.match(r"visualdl-(\d+)", found.name) if found else None
    return _EXAMPLES[1 if major and major[1] == "1" else 2]


class DashboardHandler(SuperviseAndProxyHandler):
    """Starts VisualDL at the first visit and passes requests on to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = "visualdl"
        self.proxy_base = "visualdl"
        self.absolute_url = True
        self.command = command()

    def get_timeout(self) -> int:
        return START_SECONDS

    def get_request_headers_override(self) -> dict[str, str]:
        """VisualDL answers 500 to a request that accepts neither Chinese nor English."""
        english = os.environ.get("LYCEUM_LANGUAGE") == "en"
        return {"Accept-Language": "en" if english else "zh"}

    async def http_get(self, path: str) -> None:
        shown = self._instead()
        if shown is None:
            await super().http_get(path)
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(shown)

    async def proxy(self, port: int, path: str) -> None:
        if self._instead() is not None:
            raise web.HTTPError(503, "VisualDL is not running")
        await super().proxy(port, path)

    def _instead(self) -> str | None:
        """The page to show while VisualDL can't answer; ``None`` once it can."""
        if not self.command:
            return page("none")
        if not LOG_FOLDER.is_dir():
            return page("missing", reload_seconds=5, example=example())
        process = self.state.get("proc")
        start: asyncio.Task[None] | None = self.state.get("start")
        if start and not start.done():
            return page("starting", reload_seconds=1)
        if start and (start.cancelled() or start.exception()):
            del self.state["start"]
            return page("failed")
        if process is None or not process.running:
            self.state.pop("proc", None)
            self.state["start"] = asyncio.ensure_future(self.ensure_process())
            return page("starting", reload_seconds=1)
        return None


def register(server_app: Any) -> None:
    """Add VisualDL's addresses to a Jupyter server."""
    base_url = server_app.web_app.settings["base_url"]
    address = url_path_join(base_url, "visualdl")
    server_app.web_app.add_handlers(
        ".*",
        [
            (address, AddSlashHandler),
            (f"{address}(/.*)", DashboardHandler, {"state": {}}),
        ],
    )
