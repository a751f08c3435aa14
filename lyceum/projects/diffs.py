"""What differs between two versions: text by line, notebooks by cell.

A notebook's JSON says little to a reader (counts and outputs change with every
run), so its cells' sources are compared and outputs only noted as changed. What
is too long is cut and said to be.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

import pygit2

from lyceum.projects import versions, workfolder

Status = Literal["added", "removed", "changed", "same"]

MOST_FILES = 100
MOST_LINES = 600
MOST_CELLS = 500
LARGEST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text diff; ``sign`` is a space, ``+`` or ``-``; numbers from 1."""

    sign: str
    text: str
    old: int | None
    new: int | None


@dataclass(frozen=True, slots=True)
class CellChange:
    """A notebook's cell that differs; ``number`` is its place from 1, ``kind`` is
    ``code``, ``markdown`` or ``raw``."""

    status: Status
    kind: str
    number: int
    lines: list[Line]
    outputs_changed: bool = False


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that differs. ``kind`` is ``text``, ``notebook``, ``binary`` or ``large``
    (the last two are not compared inside)."""

    path: str
    status: Status
    kind: str
    lines: list[Line] = field(default_factory=list)
    cells: list[CellChange] = field(default_factory=list)
    is_cut: bool = False

    @property
    def shown_path(self) -> str:
        return workfolder.shown(self.path)


@dataclass(frozen=True, slots=True)
class Difference:
    """The files that differ, by path; ``is_cut`` when there are more."""

    files: list[FileChange]
    is_cut: bool


def compare(project_id: int, old_commit: str, new_commit: str) -> Difference:
    """What changed from one version of a project to another."""
    before, after = (
        {path: blob for path, blob in versions.files(project_id, commit)}
        for commit in (old_commit, new_commit)
    )
    paths = sorted(
        path
        for path in before.keys() | after.keys()
        if _identity(before.get(path)) != _identity(after.get(path))
    )
    changes = [_change(path, before.get(path), after.get(path)) for path in paths[:MOST_FILES]]
    return Difference(changes, len(paths) > MOST_FILES)


def _identity(blob: pygit2.Blob | None) -> tuple | None:
    return blob and (blob.id, blob.filemode)


def _change(path: str, old: pygit2.Blob | None, new: pygit2.Blob | None) -> FileChange:
    status: Status = "added" if old is None else "removed" if new is None else "changed"
    blobs = [blob for blob in (old, new) if blob is not None]
    if any(blob.size > LARGEST_BYTES for blob in blobs):
        return FileChange(path, status, "large")
    if any(blob.is_binary for blob in blobs):
        return FileChange(path, status, "binary")
    old_data, new_data = (blob.data if blob else b"" for blob in (old, new))
    if path.endswith(".ipynb"):
        old_cells, new_cells = _cells(old_data), _cells(new_data)
        if old_cells is not None and new_cells is not None:
            cells = list(_cell_changes(old_cells, new_cells))
            is_cut = len(cells) > MOST_CELLS
            return FileChange(path, status, "notebook", cells=cells[:MOST_CELLS], is_cut=is_cut)
    lines = text_lines(old_data, new_data)
    return FileChange(
        path, status, "text", lines=lines[:MOST_LINES], is_cut=len(lines) > MOST_LINES
    )


def text_lines(old: bytes, new: bytes) -> list[Line]:
    """The lines that differ with three around them, as git finds them."""
    patch = pygit2.Patch.create_from(old, new)
    return [
        Line(
            line.origin,
            line.content.rstrip("\r\n"),
            line.old_lineno if line.old_lineno > 0 else None,
            line.new_lineno if line.new_lineno > 0 else None,
        )
        for hunk in patch.hunks
        for line in hunk.lines
        if line.origin in " +-"
    ]


@dataclass(frozen=True, slots=True)
class _Cell:
    kind: str
    source: str
    outputs: str

    @property
    def input(self) -> tuple[str, str]:
        return self.kind, self.source


def _cells(data: bytes) -> list[_Cell] | None:
    """A notebook's cells; ``None`` when it is none (then it is compared as text)."""
    if not data:
        return []
    try:
        return [
            _Cell(
                str(cell["cell_type"]),
                "".join(cell.get("source", "")),
                json.dumps(cell.get("outputs", []), sort_keys=True),
            )
            for cell in json.loads(data)["cells"]
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _cell_changes(old: list[_Cell], new: list[_Cell]) -> Iterator[CellChange]:
    matcher = difflib.SequenceMatcher(
        None, [cell.input for cell in old], [cell.input for cell in new], autojunk=False
    )
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        pairs = zip_longest(range(old_from, old_to), range(new_from, new_to))
        for old_at, new_at in pairs:
            before = None if old_at is None else old[old_at]
            after = None if new_at is None else new[new_at]
            if tag != "equal":
                yield from _cell_change(before, after, old_at, new_at)
            elif before and after and before.outputs != after.outputs:
                yield CellChange("same", after.kind, new_at + 1, [], outputs_changed=True)


def _cell_change(
    before: _Cell | None, after: _Cell | None, old_at: int | None, new_at: int | None
) -> Iterator[CellChange]:
    if before and after and before.kind == after.kind:
        lines = _source_lines(before.source, after.source)
        outputs_changed = before.outputs != after.outputs
        yield CellChange("changed", after.kind, new_at + 1, lines, outputs_changed)
        return
    if before:
        lines = _source_lines(before.source, "")
        yield CellChange("removed", before.kind, old_at + 1, lines)
    if after:
        lines = _source_lines("", after.source)
        yield CellChange("added", after.kind, new_at + 1, lines)


def _source_lines(old: str, new: str) -> list[Line]:
    # A last line with and without its newline would count as changed.
    old_data, new_data = (f"{text}\n".encode() if text else b"" for text in (old, new))
    return text_lines(old_data, new_data)[:MOST_LINES]
