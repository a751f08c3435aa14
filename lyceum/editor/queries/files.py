"""A cluster project's work folder as its editor shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lyceum.common.errors import NotFound
from lyceum.editor import rules
from lyceum.editor.models import EditorDraft
from lyceum.projects import versions, workfolder
from lyceum.projects.models import Project
from lyceum.projects.workfolder import Entry

MOST_ENTRIES = 5000
_MOST_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Tree:
    """Files and folders, each folder before what is in it; ``is_cut``: there are more."""

    entries: list[Entry]
    is_cut: bool


def tree_of(project: Project) -> Tree:
    """All files and folders that versions hold, ``MOST_ENTRIES`` at most."""
    root = workfolder.create(project.pk)
    found: list[Entry] = []
    for entry in _below(root, "", _MOST_DEPTH):
        if len(found) == MOST_ENTRIES:
            return Tree(found, is_cut=True)
        found.append(entry)
    return Tree(found, is_cut=False)


def text_of(project: Project, path: str) -> str:
    """The text of a .py or .txt file; ``NotFound``, or ``DomainError`` when the editor
    does not open it: its kind, its size (1 MB), no text."""
    rules.check_editable(path)
    root = workfolder.create(project.pk)
    return rules.decoded(workfolder.read_file(root, path, limit=rules.editor_bytes() + 1))


def drafts_of(project: Project) -> list[EditorDraft]:
    """What is typed in the project's files and not saved."""
    return list(EditorDraft.objects.filter(project=project).order_by("path"))


def _below(root, path: str, depth: int) -> Iterator[Entry]:
    try:
        entries = workfolder.entries(root, path)
    except NotFound:  # removed, or replaced by a link, while we look
        return
    for entry in entries:
        is_folder = entry.kind == "folder"
        if is_folder and versions.is_left_out_folder(entry.path):
            continue
        yield entry
        if is_folder and depth and entry.is_addressable:
            yield from _below(root, entry.path, depth - 1)
