"""What the tasks API takes and gives."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from ninja import Field, Schema
from pydantic import ConfigDict

from lyceum.tasks.models import Task
from lyceum.tasks.queries import QueuePlace

_MEGABYTE = 1024 * 1024


class TaskIn(Schema):
    """A new task; the project's files are saved as a version unless one is named."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"note": "lr=0.01", "trainers": 2, "pservers": 1}}
    )

    note: str = Field("", max_length=100, description="What it is known by in the history.")
    main_file: str | None = Field(
        None, max_length=1000, description="The program to run; the project's unless given."
    )
    trainers: int | None = Field(None, ge=1, le=1000)
    pservers: int = Field(0, ge=0, le=1000, description="Parameter servers.")
    cpus: int = Field(1, ge=1, le=1000, description="Cores of each trainer and server.")
    gpus: int = Field(0, ge=0, le=1000, description="GPUs of each trainer.")
    time_limit_minutes: int | None = Field(None, ge=1, le=1_000_000)
    environment: str | None = Field(None, max_length=40, description="The project's unless given.")
    version: int | None = Field(
        None, ge=1, le=2_000_000_000, description="A saved version to run as it is."
    )


class TaskPatch(Schema):
    model_config = ConfigDict(json_schema_extra={"example": {"note": "lr=0.01"}})

    note: str = Field(max_length=100)


class TaskOut(Schema):
    """A task."""

    id: int
    project_id: int
    version: int = Field(description="The number of the version that it runs.")
    note: str
    main_file: str
    environment: str
    trainers: int
    pservers: int
    cpus: int = Field(description="Cores of each trainer and parameter server.")
    memory: int = Field(description="Bytes that each of them may use.")
    gpus: int = Field(description="GPUs of each trainer.")
    time_limit_seconds: int
    state: Task.State
    stopping: bool = Field(description="Whether it was asked to stop and has not ended yet.")
    reason: Task.Reason | None = Field(description="Why it ended as it did.")
    detail: str = Field(description="A sentence about it.")
    exit_code: int | None
    signal: int | None
    attempt: int = Field(description="How often it was started.")
    place: int | None = Field(description="Its place in the queue, from 1, while it waits.")
    waits_for: str = Field(description="Why it waits, a sentence.")
    submitted: datetime
    started: datetime | None
    ended: datetime | None
    cpu_seconds: float = Field(description="Of all its processes together.")
    peak_memory: int = Field(description="The most bytes that they used at once.")
    page: str = Field(description="The address of its page.")

    @classmethod
    def of(cls, task: Task, place: QueuePlace | None) -> TaskOut:
        """``task`` as it is told; ``place`` where it waits in the queue, if it does."""
        same = (
            *("id", "project_id", "note", "main_file", "environment", "trainers", "pservers"),
            *("cpus", "gpus", "time_limit_seconds", "state", "detail", "exit_code", "signal"),
            *("attempt", "submitted", "started", "ended", "cpu_seconds", "peak_memory"),
        )
        return cls(
            **{name: getattr(task, name) for name in same},
            version=task.version.number,
            memory=task.memory_mb * _MEGABYTE,
            stopping=task.is_stopping,
            reason=task.reason or None,
            place=place.number if place else None,
            waits_for=place.sentence if place else "",
            page=settings.LYCEUM.portal_url + reverse("tasks:task", args=[task.pk]),
        )


class TasksOut(Schema):
    items: list[TaskOut]
    next: str | None = Field(description="The cursor of the next page, if there is one.")


class TaskLogOut(Schema):
    """Whole lines of a task's log; each of a trainer's begins with ``[trainer-0] ``."""

    text: str
    next: str = Field(description="The cursor with which to read on.")
    is_over: bool = Field(description="Whether this was all that there will be.")
    skipped: bool = Field(description="Whether lines before these were dropped, unread.")


class TaskSampleOut(Schema):
    """What all processes of a task used together at one moment."""

    t: float = Field(description="Seconds since the epoch.")
    cpu: float = Field(description="Cores.")
    memory: int = Field(description="Bytes.")
    processes: int
    gpu: float | None = Field(description="GPUs in use; null where there are none.")


class TaskUsageOut(Schema):
    samples: list[TaskSampleOut]
    cpu_seconds: float
    peak_memory: int
