"""The browser's side of a run: ask for one, answer its question."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..requests import JsonHandler, text_fields
from .runs import Runs


def _blocks(body: dict[str, Any]) -> list[tuple[str, str]]:
    """The request's blocks as (cell id, code); answers 400 when they have another shape."""
    blocks = body.get("blocks")
    if not isinstance(blocks, list) or not blocks:
        raise web.HTTPError(400, "blocks: a list is required")
    pairs = [
        (block.get("cell_id"), block.get("code")) if isinstance(block, dict) else (None, None)
        for block in blocks
    ]
    if not all(isinstance(value, str) for pair in pairs for value in pair):
        raise web.HTTPError(400, "blocks: cell_id and code are strings")
    return [(str(cell_id), str(code)) for cell_id, code in pairs]


class RunHandler(JsonHandler):
    """``POST lyceum/api/kernels/<id>/run``: ``{room, blocks: [{cell_id, code}]}`` → 202.

    The blocks run in the order given. "Run all" is one request, so that closing the
    tab right after it can't leave some of them unasked for.
    """

    auth_resource = "kernels"

    def initialize(self, runs: Runs) -> None:
        self._runs = runs

    @web.authenticated
    @authorized
    async def post(self, kernel_id: str) -> None:
        (room,) = text_fields(self, "room")
        await self._runs.put(kernel_id, room=room, blocks=_blocks(self.get_json_body()))
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
