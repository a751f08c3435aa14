"""What the code editor of a cluster project keeps (guide, 集群项目 / 代码编辑)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class EditorSession(models.Model):
    """The one tab that may write a cluster project's files, until another takes over.

    ``token`` is known to that tab alone and sent with each write. ``seen``: its last sign
    of life; one that has been silent for long is over.
    """

    project = models.OneToOneField(
        "projects.Project", on_delete=models.CASCADE, related_name="editor_session"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    token = models.CharField(max_length=64)
    opened = models.DateTimeField(_("opened"), auto_now_add=True)
    seen = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("editor session")
        verbose_name_plural = _("editor sessions")


class EditorDraft(models.Model):
    """A file's text as typed and not saved yet; ``base`` is the SHA-256 of the saved text
    it was begun from (empty for a file that was not there)."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="editor_drafts"
    )
    path = models.CharField(_("path"), max_length=1000)
    text = models.TextField(_("text"), blank=True)
    base = models.CharField(max_length=64, blank=True)
    changed = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("editor draft")
        verbose_name_plural = _("editor drafts")
        constraints = [
            models.UniqueConstraint(fields=["project", "path"], name="one_editor_draft_a_path")
        ]
