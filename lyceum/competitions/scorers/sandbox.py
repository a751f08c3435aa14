"""A run of the engine's that belongs to one attempt at scoring a submission."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from lyceum import environments
from lyceum.competitions import folders
from lyceum.competitions.models import Submission, SubmissionState
from lyceum.competitions.scorers.faults import TryAgain
from lyceum.engine import local_engine
from lyceum.engine.base import EngineError, Status, await_end
from lyceum.engine.workload import Workload

_PREFIX = "scoring-"
_LOG_BYTES = 20_000
_PAUSE_SECONDS = 0.1
_GRACE_SECONDS = 60
_WORK = "work-"


def run_id(submission: Submission, what: str) -> str:
    """The engine's name for a run of the present attempt: ``what`` tells its runs apart."""
    return f"{_PREFIX}{submission.pk}-{submission.attempt}-{what}"


def make_ready(environment: str) -> None:
    """Have an environment there, however long its build takes; raises ``TryAgain``."""
    try:
        if not environments.availability(environment).built:
            environments.build(environment)
    except Exception as error:
        raise TryAgain(f"environment {environment}: {error}") from error


def run(workload: Workload, name: str) -> tuple[Status, str]:
    """Run to the end: how it ended, and the end of its output.

    The run is gone afterwards. Raises ``TryAgain`` where it could not be run.
    """
    engine = local_engine()
    seconds = (workload.limits.wall_seconds or 0) + _GRACE_SECONDS
    try:
        engine.start(workload, run_id=name)
        status = await_end(engine, name, timeout=seconds, pause=_PAUSE_SECONDS)
        log = _end_of(engine.log_path(name))
    except (EngineError, KeyError, OSError) as error:
        raise TryAgain(str(error)) from error
    finally:
        forget(name)
    if status.alive or status.reason in ("lost", "not_started", "stopped"):
        raise TryAgain(f"{status.reason}: {status.detail}")
    return status, log


def forget(name: str) -> None:
    """End a run, if there is one, and remove its folder."""
    with contextlib.suppress(KeyError, EngineError, OSError):
        local_engine().stop(name, grace=0.0)
        local_engine().remove(name)


def tidy() -> None:
    """End the runs of attempts that are no present ones: their scorer has been killed."""
    names = [run.run_id for run in local_engine().runs() if run.run_id.startswith(_PREFIX)]
    if not names:
        return
    scoring = Submission.objects.filter(state=SubmissionState.SCORING)
    present = {f"{pk}-{attempt}" for pk, attempt in scoring.values_list("pk", "attempt")}
    for name in names:
        if name.removeprefix(_PREFIX).rpartition("-")[0] not in present:
            forget(name)


@contextlib.contextmanager
def working_folder(submission: Submission) -> Iterator[Path]:
    """An empty folder for the present attempt; what earlier ones left is removed."""
    root = folders.of_submission(submission, submission.round.competition_id)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in root.glob(f"{_WORK}*"):
        _remove(left)
    folder = root / f"{_WORK}{submission.attempt}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Also what somebody's code has made unwritable."""

    def make_removable(function, path, _error) -> None:
        with contextlib.suppress(OSError):
            os.chmod(os.path.dirname(path), 0o700)
            function(path)

    shutil.rmtree(folder, onerror=make_removable)


def _end_of(log: Path) -> str:
    with open(log, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _LOG_BYTES))
        return file.read(_LOG_BYTES).decode(errors="replace")
