"""Datasets: named, versioned sets of read-only files (guide, 数据集)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Dataset(models.Model):
    """A dataset; its id is the ``<ID>`` of ``/home/aistudio/data/data<ID>/``."""

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
    created = models.DateTimeField(_("created"), auto_now_add=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)
    deleted = models.DateTimeField(_("deleted"), null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-created", "-id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                condition=models.Q(is_official=True),
                name="one_official_dataset_a_slug",
            )
        ]

    def __str__(self) -> str:
        return self.name


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
