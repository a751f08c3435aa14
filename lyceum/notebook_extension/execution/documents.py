"""The shared documents of jupyter-collaboration, opened for writing outputs.

A document takes its file in again when that was written by somebody else, or only
touched: what ran since the last save is not in the file, and would be gone
without a word. So the document is told (``FollowedNotebook``), and those runs are
shown again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jupyter_ydoc
from jupyter_server.serverapp import ServerApp
from jupyter_server_ydoc.utils import JUPYTER_COLLABORATION_EVENTS_URI
from jupyter_ydoc import YNotebook
from tornado import web

from .cell import BlockOutputs

_ROOM = re.compile(r"json:notebook:[0-9a-zA-Z-]+")
_SAVE_SECONDS = 5.0


class FollowedNotebook(YNotebook):
    """jupyter-collaboration's notebook, which tells when it has taken its file in."""

    on_taken_in: Callable[[], None] | None = None

    async def aset(self, value: dict[str, Any]) -> None:
        """Set the content, as the room does with what it read from the file."""
        await super().aset(value)
        if self.on_taken_in is not None:
            self.on_taken_in()


@dataclass(eq=False, slots=True)
class Document:
    """A notebook as all its tabs and the server share it."""

    notebook: FollowedNotebook
    _room: Any
    _unsaved: dict[str, BlockOutputs] = field(default_factory=dict)
    _timer: asyncio.TimerHandle | None = None
    _saves: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.notebook.on_taken_in = self._show_again

    def on_write(self, block: BlockOutputs) -> None:
        """A run was written into the document, and is in the file within 5 s."""
        self._unsaved[block.cell_id] = block
        self._save_soon()

    def on_saved(self) -> None:
        """The file holds what has run by now."""
        self._unsaved = {key: one for key, one in self._unsaved.items() if not one.done}

    def _show_again(self) -> None:
        for block in list(self._unsaved.values()):
            block.show_again()

    def _save_soon(self) -> None:
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
        self._listening = False
        jupyter_ydoc.ydocs["notebook"] = FollowedNotebook

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
        if not isinstance(notebook, FollowedNotebook):
            raise web.HTTPError(404, room_id)
        self._listen()
        known = self._open.get(room_id)
        if known is None or known.notebook is not notebook:
            known = self._open[room_id] = Document(notebook, room)
        return known

    def _listen(self) -> None:
        """Hear of saved files; not sooner, as the extension of the rooms names the event."""
        if not self._listening:
            self._serverapp.event_logger.add_listener(
                schema_id=JUPYTER_COLLABORATION_EVENTS_URI, listener=self._on_event
            )
            self._listening = True

    async def _on_event(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        document = self._open.get(data["room"])
        if document is not None and data.get("action") == "save":
            document.on_saved()

    @property
    def _files(self) -> Any:
        return self._serverapp.web_app.settings["file_id_manager"]

    @property
    def _collaboration(self) -> Any:
        apps = self._serverapp.extension_manager.extension_apps["jupyter_server_ydoc"]
        return next(iter(apps))
