"""What people are told about their work: in the page, and in a digest by mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class NotificationKind(models.TextChoices):
    """What has happened; each can be switched off."""

    FORKED = "forked", _("Your project was forked")
    STARRED = "starred", _("Your project or dataset was starred")
    COMMENTED = "commented", _("Somebody commented on your work")
    TASK_ENDED = "task_ended", _("Your task has ended")
    SERVICE_PAUSED = "service_paused", _("Your prediction service was paused")
    COMPETITION = "competition", _("News of your competitions")


BY_MAIL_AT_FIRST = {NotificationKind.SERVICE_PAUSED, NotificationKind.COMPETITION}
"""Kinds that come by mail until switched off: they may need something done."""


class Notification(models.Model):
    """Something a person is told; ``data`` is what the sentence names (`words.sentence`).

    ``link`` is a path of the portal. ``read``: seen in the page. ``by_mail``: for the next
    digest, until ``mailed``.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notifications",
        db_index=False,
    )
    kind = models.CharField(_("kind"), max_length=20, choices=NotificationKind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
    )
    link = models.CharField(max_length=300)
    data = models.JSONField(default=dict)
    in_page = models.BooleanField(default=True)
    by_mail = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    read = models.DateTimeField(null=True)
    mailed = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_user"),
            models.Index(
                fields=["user"],
                condition=Q(read__isnull=True, in_page=True),
                name="notification_unread",
            ),
            models.Index(
                fields=["user", "created"],
                condition=Q(by_mail=True, mailed__isnull=True),
                name="notification_to_mail",
            ),
        ]


class Preference(models.Model):
    """How a person wants to be told of one kind; without a row, as by default."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    kind = models.CharField(max_length=20, choices=NotificationKind)
    in_page = models.BooleanField(default=True)
    by_mail = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="one_preference_a_kind")
        ]


class Digest(models.Model):
    """When a person was last sent a digest."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digest"
    )
    sent = models.DateTimeField()
