"""A run's folder: ``workload.json``, ``plan.json``, ``state.json``, ``log``, ``log.1``.

``state.json`` has `base.Status`'s fields and, for the engine itself: ``shim``
(`procs.identity` of the shim), ``init_pid`` (the sandbox's first process on the
host), ``address``, ``limiter``, ``host_uid``, ``out_of_memory_kills``, ``group`` (what its
limits are kept under), ``gang`` (its number of members). Standard library only: the shim,
which must start fast, shares this with the engine.
"""

from __future__ import annotations

import json
import os

STATE = "state.json"
PLAN = "plan.json"
WORKLOAD = "workload.json"
LOG = "log"
OLDER_LOG = "log.1"
STOP = "stop"
LIVE_MOUNTS = "live_mounts.json"
ENDED = frozenset({"succeeded", "failed", "stopped", "lost"})


def read_json(folder: str, name: str) -> dict:
    """The object in ``folder/name``; raises ``FileNotFoundError``."""
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file)


def write_json(folder: str, name: str, value: dict) -> None:
    """Put ``value`` at ``folder/name`` so that a reader sees the old or the new, whole."""
    write_text(folder, name, json.dumps(value, ensure_ascii=False))


def write_text(folder: str, name: str, text: str) -> None:
    """As `write_json`."""
    path = os.path.join(folder, name)
    new = fresh(path)
    with open(new, "x", encoding="utf-8") as file:
        file.write(text)
    os.replace(new, path)


def fresh(path: str) -> str:
    """A name beside ``path`` that no other process or thread writes to, on any machine."""
    return f"{path}.{os.urandom(6).hex()}"


def live_mounts(folder: str) -> list[list]:
    """``[source, target, writable]`` of each mount added since the run started."""
    return _changes(folder).get("mounts", [])


def unmounted(folder: str) -> list[str]:
    """The targets of those mounts of the start that were taken away since."""
    return _changes(folder).get("gone", [])


def _changes(folder: str) -> dict:
    try:
        return read_json(folder, LIVE_MOUNTS)
    except FileNotFoundError:
        return {}
