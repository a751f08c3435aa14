"""Where a task's files are: ``<home>/tasks/<task id>/``.

``workspace/`` is the code of its version and its scratch (``/root/paddlejob/workspace`` in
the sandbox; removed when it has ended), ``output/`` what it leaves behind, ``usage.jsonl``
what it used, ``logs/`` its logs once its runs are gone.
"""

from __future__ import annotations

from pathlib import Path

from lyceum.config import settings


def run_id(task_id: int, attempt: int) -> str:
    """The engine's name for attempt ``attempt`` (1, 2, …) of a task."""
    return f"task-{task_id}-{attempt}"


def task_folder(task_id: int) -> Path:
    """Everything the platform keeps for a task."""
    return settings().root / "tasks" / str(task_id)


def workspace(task_id: int) -> Path:
    """The code and scratch of a task that has not ended."""
    return task_folder(task_id) / "workspace"


def output(task_id: int) -> Path:
    """What the task writes for its owner (guide: ``./output``)."""
    return task_folder(task_id) / "output"


def usage_file(task_id: int) -> Path:
    """Samples of what the task uses, a JSON object a line."""
    return task_folder(task_id) / "usage.jsonl"


def logs(task_id: int) -> Path:
    """The logs of attempts whose runs are gone: ``<attempt>-<node>.log`` and ``.log.1``."""
    return task_folder(task_id) / "logs"
