"""Submitting a task (guide, 集群项目 / 提交任务)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import ngettext

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.limits import limit
from lyceum.projects.actions import clean_environment, save_version
from lyceum.projects.dataset_access import usable_ids
from lyceum.projects.models import Project, Version
from lyceum.projects.queries import dataset_links, get_version, owned_project
from lyceum.tasks import wake
from lyceum.tasks.actions._fields import (
    check_in_folder,
    check_in_version,
    clean_note,
    clean_size,
)
from lyceum.tasks.models import Task
from lyceum.tasks.queries import cluster_project


def submit_task(
    user: User,
    project_id: int,
    *,
    note: str = "",
    main_file: str | None = None,
    trainers: int | None = None,
    pservers: int = 0,
    cpus: int = 1,
    gpus: int = 0,
    time_limit_minutes: int | None = None,
    environment: str | None = None,
    version: int | None = None,
) -> Task:
    """Save the project's files as a version and queue a task that runs it.

    ``main_file`` and ``environment`` are the project's, ``trainers`` and
    ``time_limit_minutes`` the platform's defaults when not given; ``cpus`` (cores) are of
    each trainer and parameter server, ``gpus`` of each trainer. ``version``: run that
    saved one, and save none. Unchanged files are the newest version, not one more.

    Raises ``NotFound``, ``Forbidden`` (another's), ``Conflict`` (a notebook project, too
    many queued tasks, a gang this machine has no room for, an environment it can't have)
    and ``DomainError`` about the field that is wrong.
    """
    project = cluster_project(user, project_id)
    fields = {
        "note": clean_note(note),
        "main_file": project.main_file if main_file is None else main_file,
        "environment": clean_environment(environment or project.environment).name,
        **clean_size(
            trainers=trainers, pservers=pservers, cpus=cpus, gpus=gpus, minutes=time_limit_minutes
        ),
    }
    _check_queue(user)
    saved = _version(user, project, version, fields)
    return _queue(user, project, saved, fields)


def _version(user: User, project: Project, number: int | None, fields: dict[str, Any]) -> Version:
    """The version to run, which has the main file."""
    if number is None:
        # Asked before saving as well: a submission that is refused leaves no version.
        check_in_folder(project.pk, fields["main_file"])
        found = save_version(user, project.pk, note=fields["note"], cause=Version.Cause.TASK)
    else:
        found = get_version(project, number)
    check_in_version(found, fields["main_file"])
    return found


def _queue(user: User, project: Project, version: Version, fields: dict[str, Any]) -> Task:
    with transaction.atomic():
        # Whoever counts a learner's tasks holds this row: two at once can't pass the limit.
        User.objects.select_for_update().get(pk=user.pk)
        _check_queue(user)
        owned_project(user, project.pk)  # not deleted meanwhile
        task = Task.objects.create(
            project=project, user=user, version=version, datasets=_pinned(project), **fields
        )
        transaction.on_commit(wake.dispatcher)
    return task


def _check_queue(user: User) -> None:
    most = limit("queued_tasks_per_user")
    queued = Task.objects.open().filter(user=user, state=Task.State.QUEUED)
    if queued.count() >= most:
        sentence = ngettext(
            "You have %(count)d queued task, which is the most. Wait for one to start.",
            "You have %(count)d queued tasks, which is the most. Wait for one to start.",
            most,
        )
        raise Conflict("queue_limit", sentence % {"count": most})


def _pinned(project: Project) -> list[dict[str, int]]:
    """The versions of the project's datasets that its owner may use."""
    links = dataset_links(project)
    usable = usable_ids(project.owner, [link.dataset_id for link in links])
    return [
        {"dataset_id": link.dataset_id, "version": link.version.number}
        for link in links
        if link.dataset_id in usable
    ]
