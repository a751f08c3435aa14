"""Cluster projects for the tests of the code editor."""

from __future__ import annotations

from pathlib import Path

from lyceum.accounts.models import User
from lyceum.editor.actions import Draft
from lyceum.editor.actions.drafts import digest
from lyceum.projects import workfolder
from lyceum.projects.models import Project
from tests.projects.making import make_project

TRAIN = "print('training')\n"
FILES = {"train.py": TRAIN.encode(), "lib/net.py": b"LAYERS = 3\n", "notes.txt": b"first\n"}


def make_cluster_project(user: User, **fields) -> Project:
    """A project with the files ``FILES`` and nothing else, whose main file is train.py."""
    project = make_project(user, kind="cluster", **fields)
    root = workfolder.home(project.pk)
    for entry in workfolder.entries(root):
        workfolder.remove(root, entry.path)
    for path, data in FILES.items():
        workfolder.write_file(root, path, data)
    project.main_file = "train.py"
    project.save()
    return project


def draft(path: str, text: str, saved: str | None = None) -> Draft:
    """``text`` typed over what the file was saved as; ``None``: over no file."""
    return Draft(path, text, "" if saved is None else digest(saved.encode()))


def home(project: Project) -> Path:
    return workfolder.home(project.pk)


def content(project: Project, path: str) -> str:
    return (home(project) / path).read_text()
