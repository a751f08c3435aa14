"""A task's log as it is written, as server-sent events.

Events: ``lines`` ``{"node", "epoch", "start", "end", "size", "text"}``, with the id that
goes on from there (``Last-Event-ID``); ``reset`` ``{"node", "epoch", "size"}`` when what a
reader had is gone, or they are so far behind that the stream went on further ahead;
``attempt`` when the task was started anew; ``end`` when there is nothing more to come.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from lyceum.common.errors import NotFound
from lyceum.tasks import logs
from lyceum.tasks.logs import Source
from lyceum.tasks.models import Task

BEHIND_BYTES = 2 * 1024 * 1024
"""A reader who is further behind the end than this is taken to it: nobody reads so fast."""

_PAUSE_SECONDS = 0.3
_BREATH_SECONDS = 0.04
_STATE_SECONDS = 2.0
_SILENCE_SECONDS = 15.0

Cursor = tuple[str, int]
"""The epoch and the byte after which a node's log goes on."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; ``id`` is where a reader who saw it goes on."""

    name: str
    data: dict[str, Any]
    id: str = ""

    def __str__(self) -> str:
        number = f"id: {self.id}\n" if self.id else ""
        return f"{number}event: {self.name}\ndata: {json.dumps(self.data, ensure_ascii=False)}\n\n"


class Tail:
    """Follows the nodes' logs of one attempt, from ``cursors`` on.

    A node without a cursor is followed from its end.
    """

    def __init__(self, attempt: int, cursors: dict[int, Cursor]) -> None:
        self._attempt = attempt
        self._cursors = dict(cursors)
        self.has_missed = False
        """Whether a log could not be read at the last look: it is being put away."""

    @property
    def id(self) -> str:
        """All cursors in one word, as :func:`read_id` takes it apart."""
        parts = (f"{node}:{epoch}:{at}" for node, (epoch, at) in sorted(self._cursors.items()))
        return f"{self._attempt}/{','.join(parts)}"

    def look(self, task: Task, *, has_ended: bool) -> list[Event]:
        """What was written since; blocks a little, so it belongs in a thread."""
        events = []
        sources = logs.sources_of(task, self._attempt)
        self.has_missed = not sources and not task.archived
        for source in sources:
            try:
                event = self._look_at(source, has_ended)
            except NotFound:
                self.has_missed = True
                continue
            if event is not None:
                events.append(event)
        return events

    def _look_at(self, source: Source, has_ended: bool) -> Event | None:
        with logs.opened(source) as log:
            epoch, at = self._cursors.get(source.node, (log.epoch, log.line_at(log.size)))
            if epoch != log.epoch or at > log.size or log.size - at > BEHIND_BYTES:
                self._cursors[source.node] = (log.epoch, log.line_at(log.size))
                told = {"node": source.node, "epoch": log.epoch, "size": log.size}
                return Event("reset", told, self.id)
            piece = logs.after(log, at, unfinished=has_ended)
            self._cursors[source.node] = (log.epoch, piece.end)
            if piece.end == piece.start:
                return None
            told = {"node": source.node, "epoch": log.epoch, "size": log.size, **asdict(piece)}
            return Event("lines", told, self.id)


def read_id(word: str) -> tuple[int, dict[int, Cursor]] | None:
    """The attempt and the cursors of an event's id; ``None`` where it is none of ours."""
    attempt, slash, rest = word.partition("/")
    cursors: dict[int, Cursor] = {}
    for part in filter(None, rest.split(",")):
        node, epoch, at = (*part.split(":"), "", "")[:3]
        if not (_is_number(node) and _is_number(at)):
            return None
        cursors[int(node)] = (epoch, int(at))
    return (int(attempt), cursors) if slash and _is_number(attempt) else None


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) < 17


async def follow(task: Task, attempt: int, cursors: dict[int, Cursor]) -> AsyncIterator[str]:
    """The log of ``attempt`` as events, until that attempt has ended and all was told."""
    tail = Tail(attempt, cursors)
    look = sync_to_async(tail.look, thread_sensitive=False)
    clock = asyncio.get_running_loop().time
    asked = told = clock()
    while True:
        # What is read after its end was written is all there is.
        has_ended = not task.is_active or task.attempt > attempt
        events = await look(task, has_ended=has_ended)
        for event in events:
            yield str(event)
        if events:
            told = clock()
            await asyncio.sleep(_BREATH_SECONDS)
            continue
        if has_ended and not tail.has_missed:
            yield str(_last(task, attempt))
            return
        if clock() - told > _SILENCE_SECONDS:
            told = clock()
            yield ": still here\n\n"
        await asyncio.sleep(_PAUSE_SECONDS)
        if clock() - asked > _STATE_SECONDS:
            asked = clock()
            task = await _again(task.pk)


def _last(task: Task, attempt: int) -> Event:
    if task.attempt > attempt:
        return Event("attempt", {"attempt": task.attempt})
    return Event("end", {"state": task.state})


@sync_to_async
def _again(task_id: int) -> Task:
    try:
        return Task.objects.get(pk=task_id)
    finally:
        # A task may run for a day; its readers must not hold a connection for that long.
        connection.close()
