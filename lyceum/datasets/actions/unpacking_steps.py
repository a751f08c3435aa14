"""What the dispatcher does for an unpacking, step by step, each safe to do again.

An unpacking's row says all that is needed: a dispatcher that was killed leaves a row
which the next one takes on from. Files reach a dataset in `finish`'s one transaction.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lyceum import unpacking as sandboxed
from lyceum.accounts.models import User
from lyceum.common.errors import DomainError
from lyceum.config import settings
from lyceum.datasets import storage
from lyceum.datasets.actions.versions import add_version
from lyceum.datasets.models import DatasetFile, Unpacking
from lyceum.datasets.queries import bytes_left, file_path, newest_version
from lyceum.datasets.queries.unpacking import archive_folder, is_taken
from lyceum.datasets.storage import StoredFile
from lyceum.engine.base import EngineError
from lyceum.limits import limit
from lyceum.unpacking import Look

log = logging.getLogger(__name__)

State = Unpacking.State
_MEGABYTE = 1024 * 1024
_LOOK_SECONDS = 1.0


def pending() -> QuerySet[Unpacking]:
    """The unpackings for which something is to be done."""
    rows = Unpacking.objects.select_related("dataset", "version", "user")
    return rows.filter(Q(state__in=Unpacking.ACTIVE) | ~Q(run_id="")).order_by("pk")


def is_wanted(unpacking: Unpacking) -> bool:
    """Whether it is to go on: not when it has ended, or its dataset or owner is gone."""
    active = unpacking.state in Unpacking.ACTIVE
    return active and unpacking.dataset.deleted is None and unpacking.user.is_active


def begin(unpacking: Unpacking) -> None:
    """Have the sandbox started, or find the one that an earlier dispatcher started."""
    folder = work_folder(unpacking.pk)
    run_id = _run_of(unpacking.pk)
    if run_id is None:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            run_id = _start(unpacking, folder)
        except (EngineError, OSError, DomainError) as error:
            fail(unpacking, "not_started", detail=str(error))
            return
    queued = Unpacking.objects.filter(pk=unpacking.pk, state=State.QUEUED)
    if not queued.update(state=State.RUNNING, run_id=run_id):
        sandboxed.forget(run_id, folder)


def look(unpacking: Unpacking) -> Look:
    """How the run goes on; its progress is noted, its failure ends the unpacking."""
    seen = sandboxed.look(unpacking.run_id, work_folder(unpacking.pk))
    if seen.state == sandboxed.State.FAILED:
        fail(unpacking, _narrowed(seen), params=dict(seen.params), detail=seen.detail)
    elif seen.state == sandboxed.State.STOPPED:
        fail(unpacking, "stopped")
    else:
        rows = Unpacking.objects.filter(pk=unpacking.pk, state=State.RUNNING)
        total = seen.bytes if seen.state == sandboxed.State.DONE else seen.total
        rows.update(done_files=seen.files, done_bytes=seen.bytes, total_bytes=total)
    return seen


def finish(unpacking: Unpacking) -> None:
    """Make what a finished run has left the dataset's next version, whole or not at all.

    Takes as long as hashing all of it; ends early once the unpacking is cancelled.
    """
    try:
        arrived = _kept(unpacking)
    except (sandboxed.Unexpected, OSError) as error:
        fail(unpacking, "crashed", detail=repr(error))
        return
    except DomainError as refusal:
        fail(unpacking, refusal.code, detail=refusal.message)
        return
    if arrived is None:
        return
    try:
        _add(unpacking, arrived)
    except _NoRoom as refusal:
        fail(unpacking, refusal.code, params=refusal.params)
    except DomainError as refusal:
        fail(unpacking, refusal.code, detail=refusal.message)


def fail(unpacking: Unpacking, code: str, *, params: dict | None = None, detail: str = "") -> None:
    """End the unpacking for a reason that its owner is told."""
    log.warning("unpacking %s of dataset %s failed: %s %s", unpacking.pk,
                unpacking.dataset_id, code, detail)  # fmt: skip
    Unpacking.objects.filter(pk=unpacking.pk, state__in=Unpacking.ACTIVE).update(
        state=State.FAILED, code=code, params=params or {}, ended=timezone.now()
    )


def drop(unpacking: Unpacking) -> None:
    """Cancel the unpacking of a dataset or a learner that is gone."""
    Unpacking.objects.filter(pk=unpacking.pk, state__in=Unpacking.ACTIVE).update(
        state=State.CANCELLED, ended=timezone.now()
    )


def clear(unpacking: Unpacking) -> None:
    """End what is left of the run of an unpacking that has ended, and remove its files."""
    sandboxed.forget(unpacking.run_id, work_folder(unpacking.pk))
    Unpacking.objects.filter(pk=unpacking.pk).update(run_id="")


def tidy() -> None:
    """Remove runs and folders whose unpacking is not at work, however that came about."""
    runs = sandboxed.running()
    folders = list(_root().glob("*"))
    # Asked after looking: a row is there before its run and its folder are.
    active = {str(pk) for pk in pending().values_list("pk", flat=True)}
    for run in runs:
        if run.labels.get("unpacking") not in active:
            sandboxed.forget(run.run_id, _root() / run.labels.get("unpacking", ""))
    for folder in folders:
        if folder.name not in active:
            shutil.rmtree(folder, ignore_errors=True)


def work_folder(unpacking_id: int) -> Path:
    """The folder that an unpacking's run writes into."""
    return _root() / str(int(unpacking_id))


class _NoRoom(Exception):
    def __init__(self, code: str, **params: int | str) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def _root() -> Path:
    return settings().root / "unpackings"


def _run_of(unpacking_id: int) -> str | None:
    label = str(unpacking_id)
    runs = (run for run in sandboxed.running() if run.labels.get("unpacking") == label)
    return next((run.run_id for run in runs), None)


def _start(unpacking: Unpacking, folder: Path) -> str:
    newest = newest_version(unpacking.dataset)
    present = newest.file_count if newest else 0
    bounds = sandboxed.bounds(
        most_bytes=bytes_left(unpacking.user),
        most_files=max(0, limit("dataset_files") - present),
        path_length=storage.LONGEST_PATH - len(_target(unpacking)) - 1,
    )
    labels = {"unpacking": str(unpacking.pk), "dataset": str(unpacking.dataset_id)}
    archive = file_path(unpacking.version, unpacking.path)
    return sandboxed.start(archive, folder, bounds=bounds, labels=labels)


def _narrowed(seen: Look) -> str:
    """``no_quota`` where the quota, not the platform's limit, was passed."""
    narrower = seen.params.get("most") != limit("unpack_total_mb") * _MEGABYTE
    return "no_quota" if seen.code == "too_large" and narrower else seen.code


def _target(unpacking: Unpacking) -> str:
    folder = archive_folder(unpacking.path)
    assert folder is not None, unpacking.path  # noqa: S101 - `start_unpacking` has asked
    return folder


def _kept(unpacking: Unpacking) -> list[StoredFile] | None:
    """All that was unpacked as contents of ours; ``None`` once it is not wanted."""
    target = _target(unpacking)
    kept: list[StoredFile] = []
    asked = time.monotonic()
    for each in sandboxed.found(work_folder(unpacking.pk)):
        path = storage.clean_path(f"{target}/{each.path}")
        sha256 = storage.digest(each.place)
        storage.adopt(each.place, sha256)
        kept.append(StoredFile(path, each.size, sha256))
        if time.monotonic() - asked > _LOOK_SECONDS:
            asked = time.monotonic()
            if not Unpacking.objects.filter(pk=unpacking.pk, state=State.RUNNING).exists():
                return None
    return kept


def _add(unpacking: Unpacking, arrived: list[StoredFile]) -> None:
    with transaction.atomic():
        owner = User.objects.select_for_update().get(pk=unpacking.user_id)
        rows = Unpacking.objects.select_for_update().filter(pk=unpacking.pk, state=State.RUNNING)
        current = rows.select_related("dataset").first()
        if current is None:
            return
        _check_quota(owner, arrived)
        files = [*_present(current), *arrived]
        version = add_version(current.dataset, files=files, note=current.note)
        size = sum(file.size for file in arrived)
        current.state, current.made, current.ended = State.DONE, version, timezone.now()
        current.done_files, current.done_bytes, current.total_bytes = len(arrived), size, size
        current.save()


def _present(unpacking: Unpacking) -> list[StoredFile]:
    newest, folder = newest_version(unpacking.dataset), _target(unpacking)
    if newest is None:
        return []
    if is_taken(newest, folder):
        raise _NoRoom("folder_exists", entry=folder)
    rows = newest.files.values_list("path", "size", "sha256")
    return [StoredFile(*row) for row in rows.iterator()]


def _check_quota(owner: User, arrived: Iterable[StoredFile]) -> None:
    """Only contents that the owner does not have yet cost anything."""
    sizes = {file.sha256: file.size for file in arrived}
    known = DatasetFile.objects.filter(version__dataset__owner=owner)
    for sha256 in known.values_list("sha256", flat=True).distinct().iterator():
        sizes.pop(sha256, None)
    left = bytes_left(owner)
    if sum(sizes.values()) > left:
        raise _NoRoom("no_quota", most=left)
