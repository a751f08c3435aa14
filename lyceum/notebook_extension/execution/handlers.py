"""The browser's side of a run: ask for one, answer its question."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..requests import JsonHandler, text_fields
from .runs import Runs


class RunHandler(JsonHandler):
    """``POST lyceum/api/kernels/<id>/run``: ``{room, cell_id, code}`` → 202."""

    auth_resource = "kernels"

    def initialize(self, runs: Runs) -> None:
        self._runs = runs

    @web.authenticated
    @authorized
    async def post(self, kernel_id: str) -> None:
        room, cell_id, code = text_fields(self, "room", "cell_id", "code")
        await self._runs.put(kernel_id, room=room, cell_id=cell_id, code=code)
        self.answer({}, status=202)


class AnswerHandler(JsonHandler):
    """``POST lyceum/api/kernels/<id>/answer``: ``{value}`` → 202."""

    auth_resource = "kernels"

    def initialize(self, runs: Runs) -> None:
        self._runs = runs

    @web.authenticated
    @authorized
    def post(self, kernel_id: str) -> None:
        (value,) = text_fields(self, "value")
        self._runs.answer(kernel_id, value)
        self.answer({}, status=202)
