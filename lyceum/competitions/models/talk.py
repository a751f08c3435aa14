"""Announcements by the organisers, and the discussion."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lyceum.competitions.models.competition import Competition


class Announcement(models.Model):
    """News from the organisers to all participants; ``text`` is Markdown."""

    competition = models.ForeignKey(
        Competition, on_delete=models.CASCADE, related_name="announcements"
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    title = models.CharField(_("title"), max_length=150)
    text = models.TextField(_("text"), blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["-id"]


class Topic(models.Model):
    """A thread of the discussion."""

    competition = models.ForeignKey(Competition, on_delete=models.CASCADE, related_name="topics")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    title = models.CharField(_("title"), max_length=150)
    pinned = models.BooleanField(_("pinned"), default=False)
    closed = models.BooleanField(_("closed"), default=False)
    post_count = models.PositiveIntegerField(default=0)
    last_post = models.DateTimeField(auto_now_add=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    deleted = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pinned", "-last_post"]
        indexes = [
            models.Index(fields=["competition", "-pinned", "-last_post"], name="topic_newest")
        ]


class Post(models.Model):
    """One contribution to a topic; ``text`` is Markdown."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="posts")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    text = models.TextField(_("text"), max_length=10_000)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    edited = models.DateTimeField(null=True, blank=True)
    deleted = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
