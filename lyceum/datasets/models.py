"""Datasets: named, versioned sets of read-only files (guide, 数据集)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lyceum.common.tags import AbstractTag

_ALIVE = Q(deleted__isnull=True)
_SHARED = _ALIVE & Q(visibility="shared")


class Tag(AbstractTag):
    """A word that groups datasets."""

    @property
    def works(self) -> models.Manager:
        return self.datasets


class Dataset(models.Model):
    """A dataset; its id is the ``<ID>`` of ``/home/aistudio/data/data<ID>/``.

    ``licence`` is an SPDX identifier, or empty. ``size`` (bytes) and ``file_count``
    are those of the newest version; the counts are kept by the actions that change
    what they count, so that a list can be sorted by them.
    """

    class Visibility(models.TextChoices):
        PRIVATE = "private", _("Private")
        SHARED = "shared", _("Shared")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="datasets"
    )
    slug = models.SlugField(_("slug"), max_length=80, blank=True)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    summary_en = models.CharField(_("summary in English"), max_length=300, blank=True)
    description = models.TextField(_("description"), blank=True)
    description_en = models.TextField(_("description in English"), blank=True)
    licence = models.CharField(_("licence"), max_length=60, blank=True)
    source = models.URLField(_("source"), blank=True)
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility, default=Visibility.PRIVATE
    )
    is_official = models.BooleanField(_("official"), default=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="datasets", verbose_name=_("tags"))
    cover = models.ImageField(_("cover"), upload_to="covers/", blank=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), default=0)
    file_count = models.PositiveIntegerField(_("number of files"), default=0)
    favourite_count = models.PositiveIntegerField(_("favourites"), default=0)
    project_count = models.PositiveIntegerField(_("projects"), default=0)
    search_text = models.TextField(editable=False, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)
    deleted = models.DateTimeField(_("deleted"), null=True, blank=True)

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        # One index for each order of the hall (see projects.models.Project).
        indexes = [
            models.Index(fields=["-created", "-id"]),
            models.Index(fields=["-id"], condition=_SHARED, name="dataset_shared"),
            models.Index(
                fields=["-project_count", "-id"], condition=_SHARED, name="dataset_shared_used"
            ),
            models.Index(
                fields=["-favourite_count", "-id"], condition=_SHARED, name="dataset_shared_liked"
            ),
            models.Index(fields=["-size", "-id"], condition=_SHARED, name="dataset_shared_size"),
            models.Index(
                fields=["deleted"], condition=Q(deleted__isnull=False), name="dataset_trash"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                condition=models.Q(is_official=True),
                name="one_official_dataset_a_slug",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """The name in the reader's language (shipped content has both)."""
        return (self.name_en if _reader_is_english() else "") or self.name

    @property
    def shown_description(self) -> str:
        """The description in the reader's language, as Markdown."""
        return (self.description_en if _reader_is_english() else "") or self.description

    @property
    def is_shared(self) -> bool:
        """Whether everybody may see the dataset."""
        return self.is_official or self.visibility == self.Visibility.SHARED


def _reader_is_english() -> bool:
    return (get_language() or "").startswith("en")


class DatasetVersion(models.Model):
    """A frozen list of files, numbered 1, 2, … within its dataset."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), default=0)
    file_count = models.PositiveIntegerField(_("number of files"), default=0)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="one_version_a_number")
        ]


class DatasetFile(models.Model):
    """One file of a version: its path inside the dataset, size and SHA-256."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(_("path"), max_length=500)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="one_file_a_path")]


class Favourite(models.Model):
    """A learner's favourite dataset (guide, 收藏数据集)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourite_datasets"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="favourites")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "dataset"], name="one_favourite_a_dataset")
        ]


class Draft(models.Model):
    """Files on their way into a dataset: a new one, or the next version of ``dataset``.

    ``removed`` lists the paths of the dataset's newest version that the next one
    leaves out. A draft survives reloads and restarts until it is used, discarded,
    or ``dataset_draft_days`` old.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dataset_drafts"
    )
    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="drafts", null=True, blank=True
    )
    removed = models.JSONField(default=list, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "dataset"],
                condition=Q(dataset__isnull=False),
                name="one_draft_a_dataset",
            )
        ]


class Upload(models.Model):
    """One file of a draft; ``id`` is the tus server's, ``size`` in bytes as promised.

    ``sha256`` is empty until the last byte is there.
    """

    id = models.CharField(primary_key=True, max_length=32)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="uploads")
    path = models.CharField(_("path"), max_length=500)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["draft", "path"], name="one_upload_a_path")]


class Comment(models.Model):
    """What a learner writes under a dataset, in Markdown."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dataset_comments"
    )
    text = models.TextField(_("comment"), max_length=5000)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [models.Index(fields=["dataset", "-id"], name="comment_dataset")]


class Unpacking(models.Model):
    """An archive of a dataset being unpacked into the dataset's next version.

    ``version`` is the one that holds the archive ``path``. ``run_id`` is the
    engine's, ``note`` is for the version to come. When it has failed, ``code`` is stable
    and ``params`` are what its sentence needs.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    ACTIVE = (State.QUEUED, State.RUNNING)

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="unpackings")
    version = models.ForeignKey(
        DatasetVersion, on_delete=models.CASCADE, related_name="unpackings"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    path = models.CharField(_("path"), max_length=500)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    run_id = models.CharField(max_length=64, blank=True)
    done_files = models.PositiveIntegerField(default=0)
    done_bytes = models.PositiveBigIntegerField(default=0)
    total_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40, blank=True)
    params = models.JSONField(default=dict, blank=True)
    made = models.ForeignKey(
        DatasetVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset"],
                condition=Q(state__in=("queued", "running")),
                name="one_unpacking_a_dataset",
            )
        ]
