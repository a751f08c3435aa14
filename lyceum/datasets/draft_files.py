"""A draft's files as its page lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lyceum.datasets import queries
from lyceum.datasets.queries import DraftView


class State(StrEnum):
    """Where a file of a draft is."""

    UNFINISHED = "unfinished"
    FINISHED = "finished"
    KEPT = "kept"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class DraftFile:
    """One line of the list; ``size`` in bytes, ``percent`` of them are there.

    ``replaces``: the newest version has a file at this path.
    """

    path: str
    size: int
    state: State
    percent: int = 100
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class DraftFiles:
    """The first lines of a draft's list, what still has to come first, and its sums.

    ``missing`` counts uploads that are not complete; ``has_changes`` says whether
    there is anything to make a dataset or a version of.
    """

    lines: list[DraftFile]
    count: int
    size: int
    file_count: int
    missing: int
    has_changes: bool

    @property
    def is_ready(self) -> bool:
        return self.has_changes and not self.missing and self.file_count > 0

    @property
    def hidden(self) -> int:
        """How many lines are not among ``lines``."""
        return self.count - len(self.lines)


def draft_files(view: DraftView, *, most: int) -> DraftFiles:
    """The first ``most`` lines of what ``view`` holds: unfinished ones, then by path."""
    lines = sorted(_lines(view), key=lambda file: (file.state != State.UNFINISHED, file.path))
    return DraftFiles(
        lines=lines[:most],
        count=len(lines),
        size=view.size,
        file_count=view.file_count,
        missing=sum(not upload.is_finished for upload in view.uploads),
        has_changes=bool(view.uploads or view.removed),
    )


def _lines(view: DraftView) -> Iterator[DraftFile]:
    before = _paths_before(view)
    for upload in view.uploads:
        yield DraftFile(
            upload.path,
            upload.size,
            State.FINISHED if upload.is_finished else State.UNFINISHED,
            upload.percent,
            replaces=upload.path in before,
        )
    for files, state in ((view.kept, State.KEPT), (view.removed, State.REMOVED)):
        for file in files:
            yield DraftFile(file.path, file.size, state)


def _paths_before(view: DraftView) -> set[str]:
    """The paths of the newest version of the draft's dataset."""
    newest = queries.newest_version(view.draft.dataset) if view.draft.dataset else None
    return set(newest.files.values_list("path", flat=True)) if newest else set()
