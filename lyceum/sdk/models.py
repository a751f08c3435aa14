"""What the platform tells, as plain values. Sizes are bytes, times are aware."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

_TIMES = {"created", "updated", "submitted", "started", "ended"}


@dataclass(frozen=True, slots=True)
class _Told:
    @classmethod
    def read(cls, told: dict[str, Any]) -> Self:
        """From the API's JSON; what a newer platform tells besides is left out."""
        known = {field.name: told[field.name] for field in fields(cls) if field.name in told}
        for name in _TIMES & known.keys():
            known[name] = known[name] and datetime.fromisoformat(known[name])
        for name in {"owner", "author"} & known.keys():
            known[name] = Person.read(known[name])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Person(_Told):
    id: int
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Dataset(_Told):
    """A dataset; lists leave ``description``, ``source`` and ``newest_version`` out."""

    id: int
    name: str
    summary: str
    licence: str
    tags: list[str]
    visibility: str
    is_official: bool
    owner: Person
    size: int
    file_count: int
    favourite_count: int
    project_count: int
    created: datetime
    updated: datetime
    page: str = ""
    description: str = ""
    source: str = ""
    newest_version: int | None = None
    tags_en: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Version(_Told):
    number: int
    note: str
    size: int
    file_count: int
    created: datetime


@dataclass(frozen=True, slots=True)
class File(_Told):
    """A file of a version; ``path`` is its place in the dataset."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Comment(_Told):
    id: int
    author: Person
    text: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Quota(_Told):
    used: int
    most: int
    left: int


@dataclass(frozen=True, slots=True)
class Unpacking(_Told):
    """An archive being unpacked into the next version.

    ``state`` is ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``;
    ``code`` and ``message`` say why it failed.
    """

    id: int
    path: str
    state: str
    done_files: int
    done_bytes: int
    total_bytes: int | None
    code: str
    message: str
    made_version: int | None

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Upload(_Told):
    """A file on its way: ``offset`` of ``size`` bytes are there."""

    id: str
    path: str
    size: int
    offset: int
    is_finished: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """Files on their way into a dataset, or into its next version."""

    id: str
    uploads: list[Upload]
    removed: list[str]

    @classmethod
    def read(cls, told: dict[str, Any]) -> Self:
        return cls(
            id=told["id"],
            uploads=[Upload.read(each) for each in told["uploads"]],
            removed=[each["path"] for each in told["removed"]],
        )


@dataclass(frozen=True, slots=True)
class Task(_Told):
    """One run of a cluster project's ``version``.

    ``state`` is ``queued``, ``starting``, ``running``, ``succeeded``, ``failed`` or
    ``stopped``; ``reason`` and ``detail`` say why it ended so, ``place`` and ``waits_for``
    where and why it waits. ``cpus`` and ``memory`` are of each trainer and parameter
    server, ``gpus`` of each trainer; ``cpu_seconds`` and ``peak_memory`` of all together.
    """

    id: int
    project_id: int
    version: int
    note: str
    main_file: str
    environment: str
    trainers: int
    pservers: int
    cpus: int
    memory: int
    gpus: int
    time_limit_seconds: int
    state: str
    stopping: bool
    reason: str | None
    detail: str
    exit_code: int | None
    signal: int | None
    attempt: int
    place: int | None
    waits_for: str
    submitted: datetime
    started: datetime | None
    ended: datetime | None
    cpu_seconds: float
    peak_memory: int
    page: str

    @property
    def is_over(self) -> bool:
        return self.state in ("succeeded", "failed", "stopped")


@dataclass(frozen=True, slots=True)
class TaskSample(_Told):
    """What a task used at ``t`` (seconds since the epoch): cores, bytes, processes, GPUs."""

    t: float
    cpu: float
    memory: int
    processes: int
    gpu: float | None = None


@dataclass(frozen=True, slots=True)
class TaskUsage:
    samples: list[TaskSample]
    cpu_seconds: float
    peak_memory: int

    @classmethod
    def read(cls, told: dict[str, Any]) -> Self:
        samples = [TaskSample.read(each) for each in told["samples"]]
        return cls(samples, told["cpu_seconds"], told["peak_memory"])
