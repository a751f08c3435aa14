"""A start as it happens, as server-sent events for the run panel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import translation
from django.views.decorators.http import require_GET

from lyceum.accounts.models import User
from lyceum.notebooks import hubapi, lifecycle, queries, sentences
from lyceum.notebooks.models import NotebookServer

State = NotebookServer.State
Stage = NotebookServer.Stage

_LOOK_SECONDS = 0.4


@login_required
@require_GET
async def progress(request: HttpRequest, project_id: int) -> HttpResponse:
    """``progress`` events ``{"percent", "message"}``, then one ``done`` event.

    Environment building is told from the row, the spawn from the hub's own
    events. Can be opened again at any moment; ``done`` comes at once when the
    project does not start.
    """
    user = await request.auser()
    server = await _look(user, project_id)
    stream = _events(user, project_id, server, translation.get_language())
    response = StreamingHttpResponse(stream, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    # Proxies in front of us must not collect events before they pass them on.
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(
    user: User, project_id: int, server: NotebookServer, language: str
) -> AsyncIterator[str]:
    with translation.override(language):
        highest = 0
        async for percent, message in _steps(user, project_id, server):
            highest = max(highest, percent)
            yield _event("progress", {"percent": highest, "message": message})
        yield _event("done", {})


async def _steps(
    user: User, project_id: int, server: NotebookServer
) -> AsyncIterator[tuple[int, str]]:
    attempt = server.attempt
    told = None
    while server.state == State.STARTING and server.attempt == attempt:
        step = (server.progress, sentences.step(server.message or "requested"))
        if step != told:
            told = step
            yield step
        if server.stage == Stage.LAUNCHING and server.launched:
            async for spawning in _spawn(server):
                yield spawning
        await asyncio.sleep(_LOOK_SECONDS)
        server = await _look(user, project_id)


async def _spawn(server: NotebookServer) -> AsyncIterator[tuple[int, str]]:
    """The hub's events; they take what the environment left of the bar."""
    base = server.progress
    try:
        async for event in hubapi.progress(server.user_id, server.project_id):
            if event.ready or event.failed:
                await _note_end(server, event)
                return
            percent = base + event.percent * (100 - base) // 100
            message = sentences.step(event.step)
            if message:
                yield percent, message
    except hubapi.HubUnreachable:
        yield base, sentences.step("hub_away")


@sync_to_async
def _look(user: User, project_id: int) -> NotebookServer:
    try:
        return queries.server_of(user, project_id)
    finally:
        # A start may take minutes; its stream must not hold a connection for that long.
        connection.close()


@sync_to_async
def _note_end(server: NotebookServer, event: hubapi.Progress) -> None:
    """Don't wait for the dispatcher's next round: the learner is looking."""
    try:
        if event.failed:
            lifecycle.fail_spawn(server, event.message)
            return
        found = hubapi.server(server.user_id, server.project_id)
        if found and found.ready:
            lifecycle.mark_ready(server, found.run_id)
    except (hubapi.HubUnreachable, hubapi.HubRefused):
        return
    finally:
        connection.close()


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
