"""The steps of a service's life that the platform itself takes.

Each step holds the service's row and looks again whether it still applies: the owner may
have changed the service since the dispatcher looked, and the dispatcher may have been
killed after any of them. Owners' own wishes are in :mod:`lyceum.serving.actions`.
"""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from lyceum.engine.base import EngineError
from lyceum.notifications.actions import notify
from lyceum.notifications.models import NotificationKind
from lyceum.serving.bundles import services_root
from lyceum.serving.models import ApiKey, Replica, Revision, Service
from lyceum.serving.queries import pauses_at
from lyceum.serving.workloads import (
    engine_of,
    replica_folder,
    replicas_folder,
    runs,
    start_replica,
)

State = Service.State
Reason = Service.Reason

log = logging.getLogger(__name__)

LOG_LINES = 40
_MOST_DETAIL = 8000
_TAIL_BYTES = 32_000
_STOP_GRACE = 2.0

UNUSED_TIME = timedelta(hours=1)
"""How long a revision may have no service (its files are being copied), and how long a
deleted service's row is kept."""

KEPT_TIME = timedelta(days=1)
"""How long an ended replica's run is kept with its log; the newest ones longer."""

KEPT_RUNS = 3
"""So many ended runs of each service are kept however old they are."""


def note_build(service_id: int, revision_id: int, fraction: float | None) -> None:
    """How far the build of the environment is that its start waits for; ``None``: there."""
    told = "" if fraction is None else f"{fraction:.0%}"
    rows = Service.objects.filter(pk=service_id, revision_id=revision_id, state=State.DEPLOYING)
    rows.exclude(detail=told).update(detail=told)


def activate(service_id: int, revision_id: int) -> bool:
    """All that ``revision_id`` needs is ready: calls go to it from now on."""
    with _held(service_id) as service:
        if service is None or service.state != State.DEPLOYING:
            return False
        if service.revision_id != revision_id:
            return False
        service.active_revision_id = revision_id
        service.save(update_fields=["active_revision"])
        return True


def mark_running(service_id: int, revision_id: int) -> bool:
    """The gateway knows that calls go to ``revision_id``."""
    with _held(service_id) as service:
        if service is None or service.state != State.DEPLOYING:
            return False
        if not revision_id == service.revision_id == service.active_revision_id:
            return False
        return _enter(service, State.RUNNING)


def fail(service_id: int, revision_id: int, reason: str, detail: str) -> bool:
    """``revision_id`` does not start, or ends again and again.

    Where an older revision serves calls, the service goes on with that one.
    """
    with _held(service_id) as service:
        if service is None or not service.is_serving or service.revision_id != revision_id:
            return False
        log.warning("service %s failed (%s): %s", service_id, reason, detail)
        if service.active_revision_id in (None, revision_id):
            service.active_revision_id = None
            return _enter(service, State.FAILED, reason, detail)
        service.revision_id = service.active_revision_id
        service.previous_revision_id = None  # what it was switched from serves again
        label = Reason(reason).label if reason in Reason.values else reason
        return _enter(service, State.RUNNING, Reason.KEPT_OLD, f"{label}\n{detail}")


def pause_idle(service_id: int) -> bool:
    """Nobody has called it for too long, as its row says now."""
    with _held(service_id) as service:
        due = pauses_at(service) if service else None
        if service is None or due is None or due > timezone.now():
            return False
        service.active_revision_id = None
        notify(
            [service.project.owner_id],
            NotificationKind.SERVICE_PAUSED,
            link=f"/projects/{service.project_id}/services/",
            title=service.name,
        )
        return _enter(service, State.PAUSED, Reason.IDLE)


def wake_for_call(service_id: int) -> bool:
    """A call has come for a paused service that calls may wake."""
    with _held(service_id) as service:
        if service is None or service.state != State.PAUSED or not service.wake_on_call:
            return False
        return _enter(service, State.DEPLOYING)


def halt(service_id: int, reason: str) -> bool:
    """Its project or its learner is gone; it can be started again should they be back."""
    with _held(service_id) as service:
        if service is None or not service.is_serving:
            return False
        service.active_revision_id = None
        return _enter(service, State.STOPPED, reason)


def add_replica(service_id: int, revision_id: int) -> Replica | None:
    """The row and the folder of one more replica, if the service still wants that revision.

    `launch` is next. The row comes first: a run or a folder without one is nobody's.
    """
    with _held(service_id) as service:
        if service is None or not service.is_serving:
            return None
        if revision_id not in (service.revision_id, service.active_revision_id):
            return None
        replica = Replica.objects.create(
            service=service, revision_id=revision_id, uid=secrets.token_hex(16)
        )
    _make_folder(replica)
    return replica


def launch(replica: Replica, *, look: bool = True) -> None:
    """Start the replica's run and note it; ``look``: it may have been started already.

    Raises ``EngineError``, ``OSError`` (``FileNotFoundError``: its environment or its
    revision's files are not there).
    """
    run_id = _run_of(replica) if look else None
    if run_id is None:
        _make_folder(replica)
        run_id = start_replica(replica)
    with _held(replica.service_id):
        found = Replica.objects.filter(pk=replica.pk, run_id="").update(run_id=run_id)
    if not found:
        _stop_run(run_id)


def mark_ready(service_id: int, uids: Iterable[str]) -> None:
    """The gateway says that these replicas answer."""
    with _held(service_id):
        rows = Replica.objects.filter(service_id=service_id, uid__in=list(uids))
        rows.filter(state=Replica.State.STARTING).update(
            state=Replica.State.READY, ready_at=timezone.now()
        )


def retire(service_id: int, uids: Iterable[str]) -> None:
    """These replicas get no more calls."""
    with _held(service_id):
        rows = Replica.objects.filter(service_id=service_id, uid__in=list(uids))
        rows.update(state=Replica.State.STOPPING)


def drop(service_id: int, uid: str) -> None:
    """End a replica: its run, then its row, then its folder."""
    replica = Replica.objects.filter(service_id=service_id, uid=uid).first()
    if replica is None:
        return
    if replica.run_id:
        _stop_run(replica.run_id)
    with _held(service_id):
        Replica.objects.filter(pk=replica.pk).delete()
    shutil.rmtree(replica_folder(uid), ignore_errors=True)


def note_calls(last_calls: Mapping[int, datetime], keys_used: Mapping[int, datetime]) -> None:
    """Remember when services were last called, and when keys were last used."""
    for pk, moment in last_calls.items():
        _note(Service.objects.filter(pk=pk), "last_called", moment)
    for pk, moment in keys_used.items():
        _note(ApiKey.objects.filter(pk=pk), "last_used", moment)


def last_words(run_id: str) -> str:
    """The last lines of a run's log, empty where there are none."""
    try:
        path = engine_of(run_id).log_path(run_id)
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except (KeyError, OSError):
        return ""
    # A database keeps no NUL, and a converter may print some.
    lines = text.replace("\0", "").strip().splitlines()[-LOG_LINES:]
    return "\n".join(lines)[-_MOST_DETAIL:]


def tidy() -> None:
    """Remove runs and folders of replicas that are no more, however that came about."""
    known_runs = runs()
    folders = list(replicas_folder().glob("*"))
    # Asked after looking: a row is there before its run and its folder are.
    rows = dict(Replica.objects.values_list("uid", "run_id"))
    alive = set(Service.objects.filter(deleted=None).values_list("pk", flat=True))
    kept: dict[str, int] = {}
    for run in known_runs:
        noted = rows.get(run.labels.get("replica", ""))
        if noted in ("", run.run_id):
            continue
        if run.alive:
            log.warning("run %s belongs to no replica; it is stopped", run.run_id)
            _stop_run(run.run_id)
            continue
        service = run.labels.get("service", "")
        kept[service] = kept.get(service, 0) + 1
        is_old = timezone.now().timestamp() - (run.ended or 0.0) > KEPT_TIME.total_seconds()
        is_newest = service.isdigit() and int(service) in alive and kept[service] <= KEPT_RUNS
        if is_old and not is_newest:
            _remove_run(run.run_id)
    for folder in folders:
        if folder.name not in rows:
            shutil.rmtree(folder, ignore_errors=True)


def purge() -> None:
    """Delete services that were deleted, and revisions with nothing to serve them for.

    A row goes before its files: files without a row are removed the next time.
    """
    before = timezone.now() - UNUSED_TIME
    Service.objects.filter(deleted__lt=before, replicas=None).delete()
    for pk in _unused(before).values_list("pk", flat=True):
        try:
            _unused(before).filter(pk=pk).delete()
        except (models.RestrictedError, models.ProtectedError):
            continue  # a service has just taken it
    folders = list(services_root().glob("*"))
    rows = {str(pk) for pk in Revision.objects.values_list("pk", flat=True)}
    for folder in folders:
        if folder.name not in rows and folder.stat().st_mtime < before.timestamp():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(service_id: int) -> Iterator[Service | None]:
    """The service's row, read again and held to the end; ``None`` once it is deleted."""
    with transaction.atomic():
        rows = Service.objects.select_for_update(of=("self",)).filter(deleted=None)
        yield rows.filter(pk=service_id).first()


def _enter(service: Service, state: str, reason: str = "", detail: str = "") -> bool:
    service.state, service.changed = state, timezone.now()
    service.reason, service.detail = reason, detail[-_MOST_DETAIL:]
    service.save(
        update_fields=[
            *("state", "changed", "reason", "detail"),
            *("revision", "active_revision", "previous_revision"),
        ]
    )
    return True


def _note(rows: QuerySet[Any], field: str, moment: datetime) -> None:
    """Move a moment forwards, never back."""
    rows.filter(Q(**{field: None}) | Q(**{f"{field}__lt": moment})).update(**{field: moment})


def _make_folder(replica: Replica) -> None:
    """Any host user may come in and connect; only the platform may write."""
    folder = replica_folder(replica.uid)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)


def _run_of(replica: Replica) -> str | None:
    found = (run for run in runs() if run.labels.get("replica") == replica.uid)
    return next((run.run_id for run in found if run.alive), None)


def _stop_run(run_id: str) -> None:
    try:
        engine_of(run_id).stop(run_id, grace=_STOP_GRACE)
    except KeyError:
        return
    except EngineError as error:
        log.error("run %s could not be stopped: %s", run_id, error)


def _remove_run(run_id: str) -> None:
    try:
        engine_of(run_id).remove(run_id)
    except (EngineError, KeyError, OSError) as error:
        log.warning("run %s could not be tidied away: %s", run_id, error)


def _unused(before: datetime) -> QuerySet[Revision]:
    """Revisions that no service and no replica has, made before then."""
    served = Service.objects.filter(
        Q(revision=OuterRef("pk"))
        | Q(active_revision=OuterRef("pk"))
        | Q(previous_revision=OuterRef("pk"))
    )
    rows = Revision.objects.filter(created__lt=before, replicas=None)
    return rows.exclude(Exists(served))
