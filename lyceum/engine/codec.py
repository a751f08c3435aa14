"""Workloads and statuses as JSON, for run folders and between the platform's parts."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path, PurePosixPath
from typing import Any

from lyceum.engine.base import Status
from lyceum.engine.workload import Forward, Limits, Member, Mount, RunState, Workload


def to_json(workload: Workload) -> str:
    """``workload`` as a JSON object whose keys are its field names."""
    return json.dumps(dataclasses.asdict(workload), default=str, ensure_ascii=False)


def from_json(text: str | bytes) -> Workload:
    """The inverse of `to_json`; raises ``ValueError`` for anything else.

    Unknown keys are refused: a mistyped limit must not become "not limited".
    """
    try:
        data: dict[str, Any] = json.loads(text)
        return Workload(
            **{
                **data,
                "argv": tuple(str(word) for word in data["argv"]),
                "cwd": PurePosixPath(data.get("cwd", "/")),
                "env": {str(key): str(value) for key, value in data.get("env", {}).items()},
                "labels": {str(key): str(value) for key, value in data.get("labels", {}).items()},
                "mounts": tuple(_mount(**mount) for mount in data.get("mounts", ())),
                "limits": Limits(**data.get("limits", {})),
                "forwards": tuple(Forward(**forward) for forward in data.get("forwards", ())),
                "members": tuple(_member(**member) for member in data.get("members", ())),
            }
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a workload: {error}") from error


def _mount(source: str, target: str, writable: bool = False) -> Mount:
    return Mount(Path(source), PurePosixPath(target), writable)


def _member(role: str, index: int, argv: list[str], env: dict[str, str] | None = None) -> Member:
    variables = {str(name): str(value) for name, value in (env or {}).items()}
    return Member(str(role), int(index), tuple(str(word) for word in argv), variables)


def status_to_json(status: Status) -> str:
    """``status`` as a JSON object whose keys are its field names."""
    return json.dumps(dataclasses.asdict(status), ensure_ascii=False)


def status_from_json(text: str | bytes) -> Status:
    """The inverse of `status_to_json`; raises ``ValueError`` for anything else."""
    try:
        return status_from_record(json.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a status: {error}") from error


def status_from_record(record: dict[str, Any]) -> Status:
    """A status from a mapping that may hold more than a status (``state.json``)."""
    names = {field.name for field in dataclasses.fields(Status)} - {"state"}
    known = {name: record[name] for name in names if name in record}
    return Status(state=RunState(record["state"]), **known)
