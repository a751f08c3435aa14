"""News of leaderboards, as server-sent events.

However many readers look at a board, one of them asks the database for all of this process.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import connection

from lyceum.competitions.models import Round

_PAUSE_SECONDS = 0.4
_SILENCE_SECONDS = 15.0
_looks: dict[int, asyncio.Task[int]] = {}


async def follow(round_id: int, seen: int) -> AsyncIterator[str]:
    """An event ``board`` with ``{"version": …}`` each time the round's board has changed,
    from version ``seen`` on."""
    clock = asyncio.get_running_loop().time
    told = clock()
    yield "retry: 1000\n\n"
    while True:
        version = await _version(round_id)
        if version != seen:
            seen, told = version, clock()
            yield f"id: {version}\nevent: board\ndata: {json.dumps({'version': version})}\n\n"
        elif clock() - told > _SILENCE_SECONDS:
            told = clock()
            yield ": still here\n\n"


async def _version(round_id: int) -> int:
    """The board's version, after a pause that all readers of it share."""
    look = _looks.get(round_id)
    if look is None or look.done() or look.get_loop() is not asyncio.get_running_loop():
        look = _looks[round_id] = asyncio.create_task(_look(round_id))
        look.add_done_callback(lambda _done: _looks.pop(round_id, None))
    # A reader who goes away must not take the others' answer along.
    return await asyncio.shield(look)


async def _look(round_id: int) -> int:
    await asyncio.sleep(_PAUSE_SECONDS)
    return await _ask(round_id)


@sync_to_async
def _ask(round_id: int) -> int:
    try:
        rows = Round.objects.filter(pk=round_id).values_list("board_version", flat=True)
        return rows.first() or 0
    finally:
        # Boards are watched for hours; that must not hold a connection.
        connection.close()
