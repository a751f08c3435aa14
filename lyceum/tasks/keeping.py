"""Putting away what tasks leave: logs into their folders, runs and workspaces removed."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from lyceum.config import settings
from lyceum.engine import task_engine
from lyceum.engine.base import Engine, EngineError, Status
from lyceum.projects import workfolder
from lyceum.tasks import folders
from lyceum.tasks.models import Task
from lyceum.tasks.workloads import KIND

log = logging.getLogger(__name__)

_BATCH = 500


def archive(task: Task, engine: Engine) -> None:
    """Keep an ended task's logs with it, and remove its runs and its workspace.

    May be cut short and called again. Raises ``EngineError`` and ``OSError``.
    """
    for attempt in range(1, task.attempt + 1):
        run_id = folders.run_id(task.pk, attempt)
        try:
            found = engine.logs(run_id)
        except KeyError:
            continue  # put away already
        for node, files in found:
            _keep(task.pk, f"{attempt}-{_plain(node)}.log", files)
        engine.remove(run_id)
    workfolder.remove_tree(folders.workspace(task.pk))
    Task.objects.filter(pk=task.pk).update(archived=True)


def tidy_runs() -> None:
    """Stop runs of attempts that no task has any more, and remove what is nobody's."""
    engine = task_engine()
    try:
        runs = [run for run in engine.runs() if run.labels.get("kind") == KIND]
    except EngineError as error:
        log.warning("the runs of tasks can't be listed: %s", error)
        return
    rows = Task.objects.filter(pk__in={_number(run, "task") for run in runs})
    tasks = {task.pk: task for task in rows}
    for run in runs:
        task = tasks.get(_number(run, "task"))
        is_current = task is not None and task.attempt == _number(run, "attempt")
        try:
            if run.alive and not (is_current and task.state in Task.IN_ENGINE):
                log.warning("run %s belongs to no task; it is stopped", run.run_id)
                engine.stop(run.run_id, grace=0.0)
            elif not run.alive and (task is None or task.archived):
                engine.remove(run.run_id)
        except (EngineError, KeyError, OSError) as error:
            log.warning("run %s could not be tidied away: %s", run.run_id, error)


def tidy_folders() -> None:
    """Remove the folders of tasks that are no more: deleted, or their project was."""
    every = _task_folders()
    while names := list(islice(every, _BATCH)):
        found = Task.objects.filter(pk__in=names).values_list("pk", flat=True)
        for task_id in set(names) - set(found):
            workfolder.remove_tree(folders.task_folder(task_id))


def _task_folders() -> Iterator[int]:
    root = settings().root / "tasks"
    if not root.is_dir():
        return
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name.isdecimal():
                yield int(entry.name)


def _keep(task_id: int, name: str, files: list[Path]) -> None:
    """Put a node's log ``files``, the older one first, where the task's logs are."""
    folder = folders.logs(task_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file, kept in zip(reversed(files), (name, f"{name}.1"), strict=False):
        fresh = folder / f".{kept}"
        fresh.unlink(missing_ok=True)
        try:
            os.link(file, fresh)
        except FileNotFoundError:
            continue
        except OSError:  # on another file system
            shutil.copyfile(file, fresh)
        os.replace(fresh, folder / kept)
        # Of two names of one file, which an earlier try has linked, it leaves both.
        fresh.unlink(missing_ok=True)


def _plain(node: str) -> str:
    return re.sub(r"[^\w.-]", "_", node)[:100]


def _number(run: Status, label: str) -> int:
    value = run.labels.get(label, "")
    return int(value) if value.isdecimal() else 0
