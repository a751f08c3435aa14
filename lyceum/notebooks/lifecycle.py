"""The steps of a notebook server's life that the platform itself takes.

Each step is a compare-and-set on the row: it names the states it may leave and
the attempt it belongs to, so that a request, the hub's report and the
dispatcher can come in any order, twice, or after a crash, and the first one
counts. Learners' own wishes are in :mod:`lyceum.notebooks.actions`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from lyceum.engine import local_engine
from lyceum.engine.base import EngineError
from lyceum.notebooks import hubapi, livedata, readiness, tokens
from lyceum.notebooks.models import NotebookServer
from lyceum.projects.actions import save_version

State = NotebookServer.State
Stage = NotebookServer.Stage
Reason = NotebookServer.Reason

log = logging.getLogger(__name__)

BUILD_PERCENT = 80
"""How much of the progress bar preparing an environment takes, when it has to be."""

NOTHING_SAVED = 0
"""``saved_version`` once saving was tried and there was nothing new to keep."""


def advance(server: NotebookServer, states: Iterable[str], **changes: Any) -> bool:
    """Change the row if it is still in one of ``states`` and at the same attempt.

    Returns whether it was; ``server`` then has the new values too.
    """
    found = NotebookServer.objects.filter(
        pk=server.pk, attempt=server.attempt, state__in=list(states)
    ).update(**changes)
    if found:
        for name, value in changes.items():
            setattr(server, name, value)
    return bool(found)


def begin_attempt(server: NotebookServer, stage: str) -> None:
    """Make the row a new start; the caller holds it in a transaction."""
    server.state = State.STARTING
    server.stage = stage
    server.reason = ""
    server.message = ""
    server.attempt += 1
    server.progress = 0
    server.run_id = ""
    server.restart = False
    server.saved_version = None
    server.requested = timezone.now()
    server.launched = server.started = server.last_activity = None
    server.warned = server.ended = None
    server.token_hash = tokens.digest(tokens.derive(server))
    server.save()


def launch(server: NotebookServer) -> None:
    """Ask the hub to start the server; when it does not answer, leave it for later."""
    try:
        hubapi.start_server(server.user_id, server.project_id)
    except hubapi.HubRefused as refusal:
        fail_start(server, Reason.SPAWN, str(refusal))
    except hubapi.HubUnreachable:
        log.warning("the hub did not answer the start of notebook %s", server)
    else:
        advance(server, [State.STARTING], launched=timezone.now())


def report_build(server: NotebookServer, fraction: float, step: str) -> bool:
    """Show how far the environment is (0 to 1); ``step`` is one of ``sentences``."""
    percent = max(server.progress, int(fraction * BUILD_PERCENT))
    return advance(server, [State.STARTING], progress=percent, message=step)


def mark_built(server: NotebookServer) -> bool:
    """The environment is there: the hub's turn."""
    return advance(
        server, [State.STARTING], stage=Stage.LAUNCHING, message="", requested=timezone.now()
    )


def mark_ready(server: NotebookServer, run_id: str) -> bool:
    """The hub says that the server answers; ``run_id`` is the engine's run.

    It then gets what changed in the project's datasets while it started.
    """
    now = timezone.now()
    is_news = advance(
        server,
        [State.STARTING],
        state=State.RUNNING,
        run_id=run_id,
        progress=100,
        message="",
        started=now,
        last_activity=now,
        warned=None,
    )
    if is_news:
        livedata.refresh(server.project_id)
    return is_news


def fail_start(server: NotebookServer, reason: str, message: str) -> bool:
    """A start that came to nothing; nothing ran, so there is nothing to save."""
    log.warning("notebook %s did not start (%s): %s", server, reason, message)
    return advance(
        server,
        [State.STARTING],
        state=State.FAILED,
        reason=reason,
        message=message,
        token_hash="",
        ended=timezone.now(),
    )


def fail_spawn(server: NotebookServer, message: str) -> bool:
    """The hub's spawn failed; its run, if there was one, has the log that tells more."""
    advance(server, [State.STARTING], run_id=server.run_id or _newest_run(server))
    return fail_start(server, Reason.SPAWN, message)


def begin_stop(
    server: NotebookServer, reason: str, message: str = "", *, restart: bool = False
) -> bool:
    """Decide that the server ends, or note that it has ended; see :func:`finish_stop`.

    ``restart``: a new start follows.
    """
    return advance(
        server,
        [State.STARTING, State.RUNNING],
        state=State.STOPPING,
        reason=reason,
        message=message,
        restart=restart,
        saved_version=None,
    )


def forget_restart(server: NotebookServer) -> bool:
    """The server that is just stopping is to stay stopped."""
    return advance(server, [State.STOPPING], restart=False)


def finish_stop(server: NotebookServer) -> bool:
    """Save a version, end the server, and close the attempt, or begin the next one.

    May be called again after it was cut short anywhere. Returns ``False`` while
    the hub is still at it or does not answer.
    """
    if server.saved_version is None:
        number = _save_version(server) if server.started else NOTHING_SAVED
        if not advance(server, [State.STOPPING], saved_version=number):
            return True
    try:
        hubapi.stop_server(server.user_id, server.project_id)
        if hubapi.server(server.user_id, server.project_id) is not None:
            return False
    except (hubapi.HubUnreachable, hubapi.HubRefused) as error:
        log.warning("the hub did not stop notebook %s: %s", server, error)
        return False
    end_run(server.run_id)
    return _start_again(server) or advance(
        server,
        [State.STOPPING],
        state=State.STOPPED if server.reason in NotebookServer.PEACEFUL else State.FAILED,
        token_hash="",
        ended=timezone.now(),
    )


def _start_again(server: NotebookServer) -> bool:
    """The next attempt of a server that is to be restarted; whether it was."""
    environment = server.project.environment
    built = readiness.is_ready(environment)
    with transaction.atomic():
        again = (
            NotebookServer.objects.select_for_update()
            .filter(pk=server.pk, attempt=server.attempt, state=State.STOPPING, restart=True)
            .first()
        )
        if again is None:
            return False
        begin_attempt(again, Stage.LAUNCHING if built else Stage.BUILDING)
    if built:
        launch(again)
    return True


def end_run(run_id: str) -> None:
    """Make sure that a run is over, whatever the hub thinks of it."""
    if not run_id:
        return
    engine = local_engine()
    try:
        if engine.status(run_id).alive:
            engine.stop(run_id)
    except KeyError:
        return
    except EngineError as error:
        log.error("run %s could not be stopped: %s", run_id, error)


def note_run(server: NotebookServer, run_id: str) -> bool:
    """Remember which run of the engine the server is."""
    return advance(server, [State.STARTING, State.RUNNING], run_id=run_id)


def note_activity(server: NotebookServer, when: datetime) -> bool:
    """The learner or the kernel did something at ``when``; a warning is taken back."""
    if server.last_activity and when <= server.last_activity:
        return False
    return advance(server, [State.RUNNING], last_activity=when, warned=None)


def warn(server: NotebookServer) -> bool:
    """The learner is told from now on that the server will be stopped."""
    return advance(server, [State.RUNNING], warned=timezone.now())


def _newest_run(server: NotebookServer) -> str:
    """The run that this attempt of the server started last, empty when it started none."""
    asked = server.requested.timestamp() if server.requested else 0.0
    project = str(server.project_id)
    for run in local_engine().runs():
        if run.labels.get("project") == project and (run.started or 0.0) >= asked:
            return run.run_id
    return ""


def _save_version(server: NotebookServer) -> int:
    """The number of the version just saved, or ``NOTHING_SAVED``.

    A work folder that cannot be saved must not keep a server running for ever:
    its files stay on disk as they are.
    """
    with translation.override(server.user.language or None):
        try:
            version = save_version(
                server.user,
                server.project_id,
                note=_("Saved before the notebook stopped"),
                cause="automatic",
            )
        except Exception:
            log.exception("no version of project %s could be saved", server.project_id)
            return NOTHING_SAVED
    return version.number if version else NOTHING_SAVED
