"""Cleaning what people ask for when they submit a task."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.common.errors import Conflict, DomainError, NotFound, Unavailable
from lyceum.common.text import clean_line
from lyceum.config import settings
from lyceum.engine import task_engine
from lyceum.engine.base import EngineError
from lyceum.limits import limit
from lyceum.projects import versions, workfolder
from lyceum.projects.models import Version

LONGEST_NOTE = 100
_MEGABYTE = 1024 * 1024


def clean_note(note: str) -> str:
    return clean_line(note, field="note", longest=LONGEST_NOTE)


def clean_count(value: int, field: str, *, least: int, most: int) -> int:
    """A whole number between ``least`` and ``most``; ``DomainError`` about ``field``."""
    if type(value) is not int or not least <= value <= most:
        sentence = _("Between %(least)d and %(most)d, please.") % {"least": least, "most": most}
        raise DomainError("out_of_range", sentence, field=field)
    return value


def clean_size(
    *, trainers: int | None, pservers: int, cpus: int, gpus: int, minutes: int | None
) -> dict[str, int]:
    """The fields of a task that say how large it is and how long it may take.

    Raises ``DomainError`` for what is beyond the limits and ``Conflict`` for what this
    machine can't give.
    """
    if trainers is None:
        trainers = limit("default_paddle_trainers")
    if minutes is None:
        minutes = limit("task_minutes_default")
    most_minutes = limit("task_minutes_max")
    size = {
        "trainers": clean_count(trainers, "trainers", least=1, most=limit("task_trainers_max")),
        "pservers": clean_count(pservers, "pservers", least=0, most=limit("task_pservers_max")),
        "cpus": clean_count(cpus, "cpus", least=1, most=limit("task_cpus_max")),
        "gpus": _clean_gpus(gpus, trainers),
        "memory_mb": limit("task_memory_mb"),
        "time_limit_seconds": 60
        * clean_count(minutes, "time_limit_minutes", least=1, most=most_minutes),
    }
    _check_room(trainers + pservers, size["memory_mb"])
    return size


def check_in_folder(project_id: int, path: str) -> None:
    """Raise ``DomainError`` unless ``path`` can be the main file of what is there now."""
    _check_name(path)
    try:
        workfolder.file_size(workfolder.create(project_id), path)
    except NotFound:
        raise _no_such_main_file(path) from None


def check_in_version(version: Version, path: str) -> None:
    """Raise ``DomainError`` unless ``path`` can be the main file of ``version``."""
    _check_name(path)
    try:
        versions.read_file(version.project_id, version.commit, path)
    except NotFound:
        raise _no_such_main_file(path) from None


def _check_name(path: str) -> None:
    if not path:
        sentence = _("Choose a main file first: the one that the task runs.")
        raise DomainError("no_main_file", sentence, field="main_file")
    if not path.endswith(".py") or not workfolder.is_text(path):
        sentence = _("The main file is a Python program: its name ends with .py.")
        raise DomainError("main_file_kind", sentence, field="main_file")


def _no_such_main_file(path: str) -> DomainError:
    sentence = _("The main file “%(path)s” is not among the project's files (any more).")
    shown = {"path": workfolder.shown(path)[:200]}
    return DomainError("main_file_missing", sentence % shown, field="main_file")


def _clean_gpus(gpus: int, trainers: int) -> int:
    if gpus == 0:
        return 0
    try:
        most = task_engine().capacity().gpus
    except EngineError as error:
        sentence = _("The cluster does not answer. Try again later.")
        raise Unavailable("engine_unavailable", sentence, field="gpus") from error
    if not most:
        sentence = _("There are no GPUs here.")
        raise DomainError("no_gpus", sentence, field="gpus")
    return clean_count(gpus, "gpus", least=0, most=max(1, most // trainers))


def _check_room(members: int, memory_mb: int) -> None:
    """A gang that this machine has no memory for would wait for ever; a cluster may grow."""
    if settings().engine != "local":
        return
    have = task_engine().capacity().memory_bytes // (memory_mb * _MEGABYTE)
    if members > have:
        sentence = ngettext(
            "This machine has memory for %(count)d trainer or parameter server at most.",
            "This machine has memory for %(count)d trainers and parameter servers at most.",
            have,
        )
        raise Conflict("too_large", sentence % {"count": have}, field="trainers")
