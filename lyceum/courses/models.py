"""What the project hall shows under its Create button (guide, 项目大厅 3.)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class HallPanel(models.Model):
    """One entry of the newcomer's guide, the course entry or the news strip."""

    class Place(models.TextChoices):
        GUIDE = "guide", _("Newcomer's guide")
        COURSE = "course", _("AI courses")
        NEWS = "news", _("News")

    place = models.CharField(_("place"), max_length=10, choices=Place)
    title = models.CharField(_("title"), max_length=120)
    title_en = models.CharField(_("title in English"), max_length=120, blank=True)
    text = models.CharField(_("text"), max_length=300, blank=True)
    text_en = models.CharField(_("text in English"), max_length=300, blank=True)
    link = models.CharField(_("link"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    published = models.BooleanField(_("published"), default=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["place", "position", "-created"]

    def __str__(self) -> str:
        return self.title
