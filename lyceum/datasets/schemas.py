"""What the datasets API takes and gives."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.urls import reverse
from ninja import Field, Schema
from pydantic import ConfigDict

from lyceum.common.tags import names_both
from lyceum.datasets.models import Dataset, DatasetVersion, Unpacking
from lyceum.datasets.queries import DraftView
from lyceum.datasets.unpacking_sentences import explanation

Visibility = Literal["private", "shared"]


class OwnerOut(Schema):
    id: int
    username: str
    name: str = Field(alias="shown_name")


class DatasetOut(Schema):
    """A dataset as a list shows it."""

    id: int
    name: str
    name_en: str = Field(description="The English name of shipped content; else empty.")
    summary: str
    licence: str = Field(description="An SPDX identifier; empty when not stated.")
    tags: list[str]
    tags_en: list[str] = Field(
        description="The tags' English names, in the same order; empty where there is none."
    )
    visibility: Visibility
    is_official: bool
    owner: OwnerOut
    cover: str | None = Field(description="The address of its picture.")
    size: int = Field(description="Bytes of the newest version.")
    file_count: int
    favourite_count: int
    project_count: int
    created: datetime
    updated: datetime
    page: str = Field(description="The address of its page.")

    @staticmethod
    def resolve_tags(dataset: Dataset) -> list[str]:
        return list(names_both(dataset.tags.all()))

    @staticmethod
    def resolve_tags_en(dataset: Dataset) -> list[str]:
        return list(names_both(dataset.tags.all()).values())

    @staticmethod
    def resolve_cover(dataset: Dataset) -> str | None:
        return dataset.cover.url if dataset.cover else None

    @staticmethod
    def resolve_page(dataset: Dataset) -> str:
        return settings.LYCEUM.portal_url + reverse("datasets:detail", args=[dataset.pk])


class VersionOut(Schema):
    number: int
    note: str
    size: int = Field(description="Bytes.")
    file_count: int
    created: datetime


class DatasetDetailOut(DatasetOut):
    """A dataset with all it says about itself."""

    description: str = Field(description="Markdown.")
    source: str
    newest_version: int | None

    @staticmethod
    def resolve_newest_version(dataset: Dataset) -> int | None:
        newest: DatasetVersion | None = dataset.versions.order_by("-number").first()
        return newest.number if newest else None


class DatasetsOut(Schema):
    items: list[DatasetOut]
    next: str | None = Field(description="The cursor of the next page.")


class VersionsOut(Schema):
    items: list[VersionOut]
    next: str | None


class FileOut(Schema):
    path: str
    size: int = Field(description="Bytes.")
    sha256: str


class FilesOut(Schema):
    items: list[FileOut]
    next: str | None


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class DatasetPatch(_In):
    """What to change; what is left out stays."""

    name: str = Field(None, max_length=100)
    summary: str = Field(None, max_length=300)
    description: str = Field(None, max_length=50_000, description="Markdown.")
    licence: str = Field(None, max_length=60, description="An SPDX identifier, or empty.")
    source: str = Field(None, max_length=200, description="A web address, or empty.")
    tags: list[str] = Field(None, max_length=8)
    visibility: Visibility = None


class DatasetIn(_In):
    """A dataset to make from the files of a draft."""

    draft: uuid.UUID
    name: str = Field(min_length=1, max_length=100)
    summary: str = Field("", max_length=300)
    description: str = Field("", max_length=50_000, description="Markdown.")
    licence: str = Field("", max_length=60, description="An SPDX identifier, or empty.")
    source: str = Field("", max_length=200, description="A web address, or empty.")
    tags: list[str] = Field([], max_length=8)
    visibility: Visibility = "private"


class VersionIn(_In):
    """The next version to make from a draft."""

    draft: uuid.UUID
    note: str = Field("", max_length=200)


class LicenceOut(Schema):
    id: str
    name: str
    url: str


class QuotaOut(Schema):
    """Bytes; uploads that are not finished count with their whole size."""

    used: int
    most: int
    left: int


class FavouriteOut(Schema):
    is_favourite: bool
    favourite_count: int


class CommentIn(_In):
    text: str = Field(min_length=1, max_length=5000, description="Markdown.")


class CommentOut(Schema):
    id: int
    author: OwnerOut
    text: str = Field(description="Markdown, as its author wrote it.")
    created: datetime


class CommentsOut(Schema):
    items: list[CommentOut]
    next: str | None


class DraftIn(_In):
    dataset_id: int | None = Field(
        None, ge=1, description="For this dataset's next version; without it, for a new dataset."
    )


class UploadOut(Schema):
    """A file on its way: ``offset`` of ``size`` bytes are there."""

    id: str
    path: str
    size: int
    offset: int
    is_finished: bool


class DraftOut(Schema):
    """Files on their way. Send each by tus to ``/uploads/`` with the metadata ``draft``
    (this id) and ``path`` (its place in the dataset)."""

    id: uuid.UUID
    dataset_id: int | None
    uploads: list[UploadOut]
    kept: list[FileOut] = Field(description="Files that the next version takes over.")
    removed: list[FileOut] = Field(description="Files that the next version leaves out.")
    size: int = Field(description="Bytes of the version that this would make.")
    file_count: int
    is_complete: bool

    @staticmethod
    def resolve_id(view: DraftView) -> uuid.UUID:
        return view.draft.pk

    @staticmethod
    def resolve_dataset_id(view: DraftView) -> int | None:
        return view.draft.dataset_id


class PathIn(_In):
    path: str = Field(min_length=1, max_length=500)


class UnpackingIn(_In):
    path: str = Field(min_length=1, max_length=500, description="The archive's place.")
    version: int | None = Field(None, ge=1, le=2**31 - 1, description="The newest if not given.")


class UnpackingOut(Schema):
    id: int
    path: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    done_files: int
    done_bytes: int
    total_bytes: int | None
    code: str = Field(description="Why it failed; empty otherwise.")
    message: str = Field(description="The same as a sentence.")
    made_version: int | None = Field(description="The version that holds the files.")

    @staticmethod
    def resolve_message(unpacking: Unpacking) -> str:
        return explanation(unpacking)

    @staticmethod
    def resolve_made_version(unpacking: Unpacking) -> int | None:
        return unpacking.made.number if unpacking.made else None
