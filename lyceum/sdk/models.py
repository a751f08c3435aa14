"""What the platform tells, as plain values. Sizes are bytes, times are aware."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class _Told:
    @classmethod
    def read(cls, told: dict[str, Any]) -> Self:
        """From the API's JSON; what a newer platform tells besides is left out."""
        known = {field.name: told[field.name] for field in fields(cls) if field.name in told}
        for name in {"created", "updated"} & known.keys():
            known[name] = datetime.fromisoformat(known[name])
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
