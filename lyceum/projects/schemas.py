"""What the projects API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.urls import reverse
from ninja import Field, Schema
from pydantic import ConfigDict

from lyceum.common.tags import names_both
from lyceum.projects.models import Project, Version
from lyceum.projects.queries import DatasetUse


class PersonOut(Schema):
    id: int
    username: str
    name: str = Field(alias="shown_name")


class ProjectOut(Schema):
    """A project as a list shows it."""

    id: int
    name: str
    name_en: str = Field(description="The English name of shipped content; else empty.")
    kind: Project.Kind
    environment: str
    framework: str
    resource: str
    visibility: Project.Visibility
    is_official: bool
    owner: PersonOut
    cover: str | None = Field(description="The address of its picture.")
    fork_count: int
    star_count: int
    created: datetime
    updated: datetime
    page: str = Field(description="The address of its page.")

    @staticmethod
    def resolve_cover(project: Project) -> str | None:
        return project.cover.url if project.cover else None

    @staticmethod
    def resolve_page(project: Project) -> str:
        return settings.LYCEUM.portal_url + reverse("projects:detail", args=[project.pk])


class ProjectDetailOut(ProjectOut):
    """A project with all it says about itself."""

    description: str = Field(description="Markdown.")
    description_en: str
    main_file: str = Field(description="What a cluster project's tasks run.")
    tags: list[str]
    tags_en: list[str] = Field(
        description="The tags' English names, in the same order; empty where there is none."
    )
    forked_from: int | None = Field(
        alias="forked_from_id", description="The id of the project it was forked from."
    )
    forked_version: int | None

    @staticmethod
    def resolve_tags(project: Project) -> list[str]:
        return list(names_both(project.tags.all()))

    @staticmethod
    def resolve_tags_en(project: Project) -> list[str]:
        return list(names_both(project.tags.all()).values())


class ProjectsOut(Schema):
    items: list[ProjectOut]
    next: str | None = Field(description="The cursor of the next page, if there is one.")


class ProjectIn(Schema):
    """A new project."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "房价预测",
                "environment": "paddle3-py311",
                "description": "用线性回归预测房价",
                "tags": ["回归"],
                "dataset_ids": [],
            }
        }
    )

    name: str = Field(max_length=100)
    environment: str = Field(max_length=40)
    kind: Project.Kind = Project.Kind.NOTEBOOK
    resource: str = Field("cpu", max_length=40)
    description: str = Field("", max_length=5000)
    tags: list[str] = Field(default=[], max_length=8)
    dataset_ids: list[int] = Field(default=[], description="At most two.")
    visibility: Project.Visibility = Project.Visibility.PRIVATE


class ProjectPatch(Schema):
    """What to change; what is not given stays."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "新名称", "visibility": "shared"}}
    )

    name: str | None = Field(None, max_length=100)
    description: str | None = Field(None, max_length=5000)
    tags: list[str] | None = Field(None, max_length=8)
    visibility: Project.Visibility | None = None


class ForkIn(Schema):
    model_config = ConfigDict(json_schema_extra={"example": {"version": 3}})

    version: int | None = Field(None, ge=1, description="The newest when not given.")


class ForkOut(Schema):
    """A record of a fork; ``project`` only when you may open it."""

    owner: PersonOut
    version: int | None = Field(alias="forked_version")
    created: datetime
    project: int | None

    @staticmethod
    def resolve_project(fork: Project) -> int | None:
        return fork.pk if fork.is_open else None


class ForksOut(Schema):
    items: list[ForkOut]
    next: str | None


class StarOut(Schema):
    starred: bool
    star_count: int


class LeftOutOut(Schema):
    """A file that a version does not hold."""

    path: str
    size: int = Field(description="Bytes.")
    reason: Literal["size", "total", "count", "name", "special", "unreadable"]


class ProjectVersionIn(Schema):
    model_config = ConfigDict(json_schema_extra={"example": {"note": "训练 20 轮"}})

    note: str = Field("", max_length=200)


class ProjectVersionOut(Schema):
    number: int
    note: str
    cause: Version.Cause
    author: PersonOut | None
    created: datetime
    left_out: list[LeftOutOut] = Field(description="The first of the files left out.")
    left_out_count: int


class ProjectVersionsOut(Schema):
    items: list[ProjectVersionOut]
    next: str | None


class EntryOut(Schema):
    path: str
    name: str = Field(alias="shown_name", description="The name as it may be shown.")
    kind: Literal["folder", "file", "link", "other"]
    size: int = Field(description="Bytes.")

    @staticmethod
    def resolve_path(entry: Any) -> str:
        # Names need not be UTF-8; such a file can be seen but not asked for.
        return entry.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class ProjectFilesOut(Schema):
    version: int | None = Field(description="Null for the work folder as it is now.")
    entries: list[EntryOut]


class LineOut(Schema):
    sign: Literal[" ", "+", "-"]
    text: str
    old: int | None
    new: int | None


class CellChangeOut(Schema):
    status: Literal["added", "removed", "changed", "same"]
    kind: str
    number: int
    lines: list[LineOut]
    outputs_changed: bool


class FileChangeOut(Schema):
    path: str = Field(alias="shown_path")
    status: Literal["added", "removed", "changed"]
    kind: Literal["text", "notebook", "binary", "large"]
    lines: list[LineOut]
    cells: list[CellChangeOut]
    is_cut: bool


class DifferenceOut(Schema):
    files: list[FileChangeOut]
    is_cut: bool


class ProjectDatasetIn(Schema):
    model_config = ConfigDict(json_schema_extra={"example": {"dataset_id": 1}})

    dataset_id: int


class DatasetUseOut(Schema):
    """A dataset of a project, in place 1 or 2, as notebooks see it.

    ``lost``: why its notebooks don't get it any more (only its owner is told).
    """

    dataset_id: int
    name: str = Field(description="Empty when it is lost.")
    version: int
    newest_version: int | None = Field(description="Null when it is lost.")
    newest_note: str
    lost: Literal["", "private", "trash"]
    position: int
    folder: str = Field(description="Where notebooks find its files.")
    restart_needed: bool = Field(
        description="Whether the notebook that runs sees the change only after a restart."
    )

    @classmethod
    def of(cls, use: DatasetUse, *, restart_needed: bool) -> DatasetUseOut:
        link, newest = use.link, use.newest
        return cls(
            dataset_id=link.dataset_id,
            name="" if use.lost else link.dataset.name,
            version=link.version.number,
            newest_version=newest.number if newest else None,
            newest_note=newest.note if newest else "",
            lost=use.lost,
            position=link.position,
            folder=f"/home/aistudio/data/data{link.dataset_id}/",
            restart_needed=restart_needed,
        )
