"""The file rule of the guide, held where every upload and save passes."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado import web
from traitlets import Integer

from .sentences import Sentences


class LimitedFileManager(AsyncLargeFileManager):
    """Refuses a file over the guide's 20 MB (侧边栏, 文件夹), whole or in chunks.

    Notebooks are not uploads: saving one is never refused, its outputs have
    their own limit (``LyceumNotebook.output_limit_bytes``).
    """

    upload_limit_bytes = Integer(
        20_000_000, config=True, help="Most bytes of one file written through the contents API."
    )

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        if model.get("type") == "file":
            await self._check(model, path)
        return await super().save(model, path)

    async def _check(self, model: dict[str, Any], path: str) -> None:
        size = _content_bytes(model)
        chunk = model.get("chunk")
        if chunk is not None and chunk != 1:
            # Chunks are appended (LargeFileManager): the file so far counts too.
            size += _size_on_disk(Path(self._get_os_path(path.strip("/"))))
        if size <= self.upload_limit_bytes:
            return
        if chunk is not None and chunk != 1:
            await self.delete_file(path)
        say = Sentences(self.settings_language)
        raise web.HTTPError(
            413,
            say("file_limit", megabytes=self.upload_limit_bytes // 1_000_000),
            reason="File too large",
        )

    @property
    def settings_language(self) -> str:
        """The learner's language, as the server extension put it into the settings."""
        return str(self.parent.web_app.settings.get("lyceum_language", "en"))


def _content_bytes(model: dict[str, Any]) -> int:
    content = model.get("content") or ""
    if model.get("format") == "base64":
        return len(base64.b64decode(content))
    return len(content.encode())


def _size_on_disk(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
