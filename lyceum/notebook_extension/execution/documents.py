"""The shared documents of jupyter-collaboration, opened for writing outputs."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_ydoc import YNotebook
from tornado import web

_ROOM = re.compile(r"json:notebook:[0-9a-zA-Z-]+")
_SAVE_SECONDS = 5.0


@dataclass(eq=False, slots=True)
class Document:
    """A notebook as all its tabs and the server share it."""

    notebook: YNotebook
    _room: Any
    _timer: asyncio.TimerHandle | None = None
    _saves: set[asyncio.Task[None]] = field(default_factory=set)

    def save_soon(self) -> None:
        """Have the file written within 5 s.

        The room waits for a second without changes before it saves, which a cell
        that prints all the time never grants; a server killed then would lose all.
        """
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SAVE_SECONDS, self._save)

    def _save(self) -> None:
        self._timer = None
        save = asyncio.create_task(self._room._maybe_save_document(None, save_now=True))
        self._saves.add(save)
        save.add_done_callback(self._saves.discard)


class Documents:
    """Opens shared documents by room id (``json:notebook:<file id>``), each once."""

    def __init__(self, serverapp: ServerApp) -> None:
        self._serverapp = serverapp
        self._open: dict[str, Document] = {}

    async def open(self, room_id: str) -> Document:
        """The document of that room, read from its file when no tab has it open.

        Answers 400 for a malformed room id and 404 for an unknown file.
        """
        if not _ROOM.fullmatch(room_id):
            raise web.HTTPError(400, "room: json:notebook:<file id>")
        if self._files.get_path(room_id.rpartition(":")[2]) is None:
            raise web.HTTPError(404, room_id)
        notebook = await self._collaboration.get_document(room_id=room_id, copy=False, create=True)
        room = await self._collaboration.ywebsocket_server.get_room(room_id)
        if not isinstance(notebook, YNotebook):
            raise web.HTTPError(404, room_id)
        known = self._open.get(room_id)
        if known is None or known.notebook is not notebook:
            known = self._open[room_id] = Document(notebook, room)
        return known

    @property
    def _files(self) -> Any:
        return self._serverapp.web_app.settings["file_id_manager"]

    @property
    def _collaboration(self) -> Any:
        apps = self._serverapp.extension_manager.extension_apps["jupyter_server_ydoc"]
        return next(iter(apps))
