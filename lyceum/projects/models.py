"""Projects: code, an environment, at most two datasets, and their versions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lyceum.common.tags import AbstractTag

_ALIVE = Q(deleted__isnull=True)
_OFFICIAL = _ALIVE & Q(is_official=True)
_SHARED = _ALIVE & Q(is_official=False, visibility="shared")


class Tag(AbstractTag):
    """A word that groups projects."""

    @property
    def works(self) -> models.Manager:
        return self.projects


class Project(models.Model):
    """A project; its id is the project id of the guide's URL rule."""

    class Kind(models.TextChoices):
        NOTEBOOK = "notebook", _("Notebook")
        CLUSTER = "cluster", _("Cluster")

    class Visibility(models.TextChoices):
        PRIVATE = "private", _("Private")
        SHARED = "shared", _("Shared")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="projects",
        verbose_name=_("owner"),
        db_index=False,
    )
    slug = models.SlugField(_("slug"), max_length=80, blank=True, db_index=False)
    kind = models.CharField(_("type"), max_length=10, choices=Kind, default=Kind.NOTEBOOK)
    environment = models.CharField(_("environment"), max_length=40)
    framework = models.CharField(_("framework"), max_length=40, blank=True)
    resource = models.CharField(_("resource"), max_length=40, default="cpu")
    main_file = models.CharField(_("main file"), max_length=1000, blank=True)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    description = models.TextField(_("description"), max_length=5000, blank=True)
    description_en = models.TextField(_("description in English"), max_length=5000, blank=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="projects", verbose_name=_("tags"))
    cover = models.ImageField(_("cover"), upload_to="covers/", blank=True)
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility, default=Visibility.PRIVATE
    )
    is_official = models.BooleanField(_("official"), default=False)
    forked_from = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="forks",
        verbose_name=_("forked from"),
        db_index=False,
    )
    forked_version = models.PositiveIntegerField(_("forked version"), null=True, blank=True)
    fork_count = models.PositiveIntegerField(_("forks"), default=0)
    star_count = models.PositiveIntegerField(_("stars"), default=0)
    search_text = models.TextField(editable=False, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)
    deleted = models.DateTimeField(_("deleted"), null=True, blank=True)

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        # One index for each order a hall tab can be read in, so that a page costs
        # the same with a hundred projects as with a million.
        indexes = [
            models.Index(fields=["-id"], condition=_OFFICIAL, name="project_official"),
            models.Index(fields=["-id"], condition=_SHARED, name="project_shared"),
            models.Index(
                fields=["-fork_count", "-id"], condition=_SHARED, name="project_shared_forks"
            ),
            models.Index(
                fields=["-star_count", "-id"], condition=_SHARED, name="project_shared_stars"
            ),
            models.Index(fields=["framework", "-id"], condition=_SHARED, name="project_shared_fw"),
            models.Index(
                fields=["framework", "-fork_count", "-id"],
                condition=_SHARED,
                name="project_shared_fw_forks",
            ),
            models.Index(
                fields=["framework", "-star_count", "-id"],
                condition=_SHARED,
                name="project_shared_fw_stars",
            ),
            models.Index(fields=["owner", "-id"], name="project_owner"),
            models.Index(fields=["forked_from", "-id"], name="project_forks"),
            models.Index(
                fields=["deleted"], condition=Q(deleted__isnull=False), name="project_trash"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                condition=models.Q(is_official=True),
                name="one_official_project_a_slug",
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
        """Whether everybody may see the project."""
        return self.is_official or self.visibility == self.Visibility.SHARED


def _reader_is_english() -> bool:
    return (get_language() or "").startswith("en")


class ProjectDataset(models.Model):
    """A dataset a project uses, pinned to a version, in place 1 or 2.

    The guide's limit (每个项目最多可以引入两个数据集) is the database's own:
    ``position`` is 1 or 2 and unique within the project.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="dataset_links")
    dataset = models.ForeignKey(
        "datasets.Dataset", on_delete=models.PROTECT, related_name="project_links"
    )
    version = models.ForeignKey("datasets.DatasetVersion", on_delete=models.PROTECT)
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("dataset of a project")
        verbose_name_plural = _("datasets of projects")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["project", "dataset"], name="one_link_a_dataset"),
            models.UniqueConstraint(fields=["project", "position"], name="one_link_a_position"),
            models.CheckConstraint(
                condition=Q(position__in=(1, 2)), name="two_datasets_a_project_at_most"
            ),
        ]


class Version(models.Model):
    """A saved state of a project's files: one git commit, numbered 1, 2, …

    ``left_out`` lists the first files that were not saved, each as
    ``{"path", "size" (bytes), "reason"}``; ``left_out_count`` counts all of them.
    """

    class Cause(models.TextChoices):
        MANUAL = "manual", _("Saved by hand")
        AUTOMATIC = "automatic", _("Saved by itself")
        FORK = "fork", _("Forked")
        RESTORE = "restore", _("Before a restore")
        RESTORED = "restored", _("Restored")
        CREATE = "create", _("First version")
        TASK = "task", _("Submitted")
        UNSUBMITTED = "unsubmitted", _("Unsubmitted")
        COMPETITION = "competition", _("Handed in to a competition")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    commit = models.CharField(max_length=64)
    note = models.CharField(_("note"), max_length=200, blank=True)
    cause = models.CharField(max_length=12, choices=Cause, default=Cause.MANUAL)
    left_out = models.JSONField(_("files left out"), default=list)
    left_out_count = models.PositiveIntegerField(default=0)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "number"], name="one_project_version_a_number"
            )
        ]


class Star(models.Model):
    """A learner's star on a project."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stars"
    )
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="stars")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "project"], name="one_star_a_project")
        ]
