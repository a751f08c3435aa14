"""A task's log for programs: read on from a cursor, whole lines, nothing skipped.

Pages follow a log from its end (`tasks.logstream`); a program that keeps it wants all of
it, from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError, NotFound
from lyceum.tasks import logs
from lyceum.tasks.logs import Log, Source
from lyceum.tasks.logstream import Cursor, read_id
from lyceum.tasks.models import Task


@dataclass(frozen=True, slots=True)
class Reading:
    """Lines of a log and the cursor after them; ``skipped``: lines before them were dropped
    when the log had grown too large, ``is_over``: there are no more and will be none."""

    text: str
    next: str
    is_over: bool = False
    skipped: bool = False


def read_on(task: Task, cursor: str = "", *, member: str = "") -> Reading:
    """The next piece of the log of ``task``, of every node, after ``cursor``.

    Without a cursor it is the beginning of the newest attempt's; later attempts follow by
    themselves. ``member`` (``trainer-0``): its lines alone. Raises ``DomainError``.
    """
    if member and member not in logs.member_names(task):
        sentence = _("This task has no “%(member)s”.") % {"member": member}
        raise DomainError("no_such_member", sentence, field="member")
    attempt, places = _read_cursor(cursor)
    attempt = attempt or task.attempt
    if not attempt:
        return Reading("", "", is_over=not task.is_active)
    is_retried = task.attempt > attempt
    has_ended = is_retried or not task.is_active
    nodes = _Nodes(places, member, has_ended)
    sources = logs.sources_of(task, attempt)
    for source in sources:
        nodes.read(source)
    text = "".join(nodes.texts)
    # A run that has just ended has no log for a moment: it is being moved to the task's.
    is_all = has_ended and nodes.at_end and bool(sources or task.archived or is_retried)
    if is_all and is_retried:
        return Reading(text, _cursor(attempt + 1, {}), skipped=nodes.skipped)
    return Reading(text, _cursor(attempt, nodes.places), is_all, nodes.skipped)


class _Nodes:
    """Reads on in the log of each node of one attempt."""

    def __init__(self, places: dict[int, Cursor], member: str, has_ended: bool) -> None:
        self.places = places
        self.texts: list[str] = []
        self.at_end = True
        self.skipped = False
        self._member = member
        self._has_ended = has_ended

    def read(self, source: Source) -> None:
        try:
            with logs.opened(source) as log:
                at = self._place(log, source.node)
                piece = logs.after(log, at, member=self._member, unfinished=self._has_ended)
        except NotFound:  # it is being moved
            self.at_end = False
            return
        self.places[source.node] = (log.epoch, piece.end)
        self.texts.append(piece.text)
        self.at_end &= piece.end == log.size

    def _place(self, log: Log, node: int) -> int:
        if node not in self.places:
            return 0
        epoch, at = self.places[node]
        if epoch == log.epoch and at <= log.size:
            return at
        self.skipped = True
        return log.line_at(log.size)


def _cursor(attempt: int, places: dict[int, Cursor]) -> str:
    parts = (f"{node}:{epoch}:{at}" for node, (epoch, at) in sorted(places.items()))
    return f"{attempt}/{','.join(parts)}"


def _read_cursor(cursor: str) -> tuple[int, dict[int, Cursor]]:
    if not cursor:
        return 0, {}
    found = read_id(cursor)
    if found is None:
        raise DomainError("bad_cursor", _("This page no longer exists."), field="cursor")
    return found
