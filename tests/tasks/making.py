"""Cluster projects and tasks for the tests of tasks."""

from __future__ import annotations

from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.projects import workfolder
from lyceum.projects.actions import save_version
from lyceum.projects.models import Project, Version
from lyceum.projects.queries import latest_version
from lyceum.tasks.models import Task
from tests.projects.making import make_project

PROGRAM = b"print('hello')\n"


def make_cluster(user: User, *, name: str = "Digits", **fields) -> Project:
    """A cluster project whose only file ``main.py`` is its main file and saved."""
    project = make_project(user, name=name, kind="cluster", **fields)
    root = workfolder.create(project.pk)
    for entry in list(workfolder.walk(root)):
        workfolder.remove_file(root, entry.path)
    workfolder.write_file(root, "main.py", PROGRAM)
    project.main_file = "main.py"
    project.save()
    save_version(user, project.pk, cause=Version.Cause.AUTOMATIC)
    return project


def make_task(project: Project, **fields) -> Task:
    """A task of the newest version; ``fields`` are the row's."""
    if fields.get("state") in Task.ENDED:
        fields.setdefault("ended", timezone.now())
    values = {
        "project": project,
        "user_id": project.owner_id,
        "version": latest_version(project),
        "main_file": "main.py",
        "environment": project.environment,
        "memory_mb": 512,
        "time_limit_seconds": 600,
    }
    return Task.objects.create(**values | fields)
