"""What a learner does with their project's notebook server."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, Forbidden, NotFound, Unavailable
from lyceum.datasets.actions import lock_datasets
from lyceum.limits import limit
from lyceum.notebooks import lifecycle, readiness
from lyceum.notebooks.models import NotebookServer
from lyceum.projects.actions import used_datasets
from lyceum.projects.models import Project
from lyceum.projects.queries import owned_project

State = NotebookServer.State
Stage = NotebookServer.Stage

LIMIT_CODE = "running_projects_limit"


def start_notebook(user: User, *, project_id: int) -> NotebookServer:
    """Run a project of the learner's own; one that runs already is left alone.

    Returns at once, with the server starting; the hub is asked here when the
    environment is there, else the dispatcher prepares the environment first.
    Raises ``NotFound``, ``Forbidden`` (not the owner), ``Unavailable`` (the
    machine cannot have the environment) and ``Conflict``: too many projects run
    (code ``running_projects_limit``), it is just stopping, or it is no notebook
    project.
    """
    project = owned_project(user, project_id)
    if project.kind != Project.Kind.NOTEBOOK:
        raise Conflict("not_a_notebook", _("Only notebook projects can be run here."))
    problem = readiness.obstacle(project.environment)
    if problem:
        raise Unavailable("environment_unavailable", problem, field="environment")
    built = readiness.is_ready(project.environment)
    server, is_new = _claim(user, project, Stage.LAUNCHING if built else Stage.BUILDING)
    if is_new and built:
        lifecycle.launch(server)
    return server


def stop_notebook(user: User, *, project_id: int) -> NotebookServer | None:
    """Stop a project of the learner's own; the dispatcher saves a version first.

    Returns the server, ``None`` when the project never ran. Raises ``NotFound``
    and ``Forbidden``.
    """
    project = owned_project(user, project_id)
    server = NotebookServer.objects.filter(project=project).first()
    if server and not lifecycle.begin_stop(server, NotebookServer.Reason.ASKED):
        lifecycle.forget_restart(server)
    return server


def restart_notebook(user: User, *, project_id: int) -> NotebookServer:
    """Stop a project of the learner's own and run it again; the dispatcher does both.

    It keeps its place among the running projects meanwhile. One that does not run is
    started. Raises what :func:`start_notebook` does.
    """
    project = owned_project(user, project_id)
    server = NotebookServer.objects.filter(project=project).first()
    if server and lifecycle.begin_stop(server, NotebookServer.Reason.ASKED, restart=True):
        return server
    return start_notebook(user, project_id=project_id)


def keep_notebook(user: User, *, project_id: int) -> NotebookServer | None:
    """The learner is still there: count the idle time from now.

    Returns the server, ``None`` when the project never ran. Raises ``NotFound``
    and ``Forbidden``.
    """
    project = owned_project(user, project_id)
    server = NotebookServer.objects.filter(project=project).first()
    if server:
        lifecycle.note_activity(server, timezone.now())
    return server


def spawning_server(*, user_id: int, project_id: int) -> NotebookServer:
    """The server that the hub is about to spawn, if the portal asked it to.

    The hub has no say in who runs what: only a start that went through
    :func:`start_notebook` gives a sandbox. Raises ``NotFound`` and ``Forbidden``.
    """
    server = (
        NotebookServer.objects.select_related("user", "project")
        .filter(project_id=project_id, user_id=user_id, project__deleted=None)
        .first()
    )
    if server is None:
        raise NotFound("no_such_notebook", _("There is no such project."))
    if server.state != State.STARTING or not server.user.is_active:
        raise Forbidden("not_started", _("Please run the project from its own page."))
    return server


def _claim(user: User, project: Project, stage: str) -> tuple[NotebookServer, bool]:
    """Take one of the learner's places for running projects.

    Holding the learner's row makes two starts of theirs wait for each other
    (PostgreSQL; in SQLite the IMMEDIATE transaction does), so that the count
    cannot be passed by pressing twice.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        server, _created = NotebookServer.objects.select_for_update().get_or_create(
            project=project, defaults={"user": user}
        )
        if server.state in (State.STARTING, State.RUNNING):
            return server, False
        if server.state == State.STOPPING:
            raise Conflict(
                "notebook_stopping", _("The project is just being stopped. Try again in a moment.")
            )
        _check_limit(user)
        lock_datasets(used_datasets(project))  # what is being deleted is gone before, or stays
        server.user = user
        lifecycle.begin_attempt(server, stage)
    return server, True


def _check_limit(user: User) -> None:
    most = limit("running_projects_per_user")
    running = NotebookServer.objects.filter(user=user, state__in=NotebookServer.ACTIVE).count()
    if running >= most:
        raise Conflict(
            LIMIT_CODE,
            ngettext(
                "You can run %(most)d project at a time. Stop it to run this one.",
                "You can run %(most)d projects at a time. Stop one of them to run this one.",
                most,
            )
            % {"most": most},
        )
