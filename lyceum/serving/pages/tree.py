"""The project's files as a tree with boxes, and the models that are among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lyceum.projects import workfolder
from lyceum.projects.workfolder import Entry
from lyceum.serving.bundles import chosen_files
from lyceum.serving.kinds import Recognised, look, recognise_as
from lyceum.serving.models import Draft, ModelKind
from lyceum.serving.sentences import model_hint

MOST_FILES = 2000
_OPEN_ENTRIES = 15
"""A project with no more files than this is shown with all its folders open."""
_NOT_MODELS = re.compile(r"(.*/)?(\.[^/]*|__pycache__|node_modules)|data/data\d+")


@dataclass(slots=True)
class Node:
    """A file or folder of the tree; sizes in bytes, a folder's being all that is below it."""

    path: str
    is_folder: bool
    size: int = 0
    is_chosen: bool = False
    is_open: bool = False
    kind: str = ""
    children: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        return workfolder.shown(self.path.rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class Tree:
    """What can be chosen; ``is_cut`` when the project has more than ``MOST_FILES`` files.

    ``hints`` are sentences about files that look like a model and can't be served.
    """

    nodes: list[Node]
    models: list[Recognised]
    hints: list[str]
    is_cut: bool


def tree_of(draft: Draft) -> Tree:
    """The files of the draft's project, without hidden ones, caches and mounted datasets."""
    home = workfolder.create(draft.project_id)
    found = (
        entry
        for entry in workfolder.walk(home, skip_folder=_is_no_model)
        if entry.kind == "file" and entry.is_addressable and not _is_no_model(entry.path)
    )
    entries = list(islice(found, MOST_FILES + 1))
    shown = entries[:MOST_FILES]
    models, hints = look(draft.project_id, shown)
    nodes = _nested(shown, set(draft.files), {each.main_program: each.kind for each in models})
    said = [model_hint(hint.code, hint.path) for hint in hints]
    return Tree(nodes, models, said, is_cut=len(entries) > MOST_FILES)


def without_parts(paths: Sequence[str]) -> list[str]:
    """``paths`` without those that lie in a folder that is chosen too."""
    chosen = set(paths)
    return [path for path in paths if not any(above in chosen for above in _above(path))]


def same_files(project_id: int, some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two choices of files and folders are the same files."""
    first, second = (
        {entry.path for entry in chosen_files(project_id, paths)} for paths in (some, others)
    )
    return first == second


def files_of_model(model: Recognised) -> list[str]:
    """What to choose for a model: a fluid model's folder, else its one or two files."""
    folder = model.main_program.rpartition("/")[0]
    if model.kind == ModelKind.FLUID and folder:
        return [folder]
    return [path for path in (model.main_program, model.params_file) if path]


def model_choice(
    project_id: int, files: Sequence[str], *, main_program: str, kind: str, params_file: str
) -> dict[str, Any]:
    """What the page offers as main program, kind and parameters among the chosen files.

    The main program that was chosen stays while its file is; ``seen`` is what it is
    recognised as, ``None`` when its owner must say what it is.
    """
    entries = chosen_files(project_id, without_parts(files))
    paths = [entry.path for entry in entries]
    found, _hints = look(project_id, entries)
    if main_program not in paths:
        main_program = found[0].main_program if found else ""
    named = (each for each in found if each.main_program == main_program)
    seen = next(named, None) or recognise_as(main_program, paths)
    return {
        "paths": paths,
        "size": sum(entry.size for entry in entries),
        "main_program": main_program,
        "likely": [each.main_program for each in found],
        "seen": seen,
        "kind": seen.kind if seen else kind,
        "kind_name": ModelKind(seen.kind).label if seen else "",
        "params_file": seen.params_file if seen else params_file if params_file in paths else "",
        "kinds": ModelKind.choices,
    }


def _is_no_model(path: str) -> bool:
    return _NOT_MODELS.fullmatch(path) is not None


def _nested(entries: Iterable[Entry], chosen: set[str], kinds: dict[str, ModelKind]) -> list[Node]:
    top = Node("", is_folder=True)
    folders = {"": top}
    count = 0
    for entry in entries:
        count += 1
        kind = kinds.get(entry.path)
        is_chosen = entry.path in chosen or any(above in chosen for above in _above(entry.path))
        label = str(kind.label) if kind else ""
        leaf = Node(entry.path, False, entry.size, is_chosen, kind=label)
        parent = _folder(folders, entry.path.rpartition("/")[0], chosen)
        parent.children.append(leaf)
        for above in ("", *_above(entry.path)):
            folders[above].size += entry.size
            folders[above].is_open |= is_chosen or bool(kind)
    for folder in folders.values():
        folder.is_open |= count <= _OPEN_ENTRIES
        folder.children.sort(key=lambda each: (not each.is_folder, each.name.casefold()))
    return top.children


def _folder(folders: dict[str, Node], path: str, chosen: set[str]) -> Node:
    if path not in folders:
        is_chosen = path in chosen or any(above in chosen for above in _above(path))
        folders[path] = Node(path, is_folder=True, is_chosen=is_chosen)
        _folder(folders, path.rpartition("/")[0], chosen).children.append(folders[path])
    return folders[path]


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
