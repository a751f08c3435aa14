"""A competition, its texts, and the schedule that makes one a month."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

_PUBLIC = Q(published__isnull=False, deleted__isnull=True, is_template=False)


def in_english() -> bool:
    """Whether the reader's language is English (shipped content has both)."""
    return (get_language() or "").startswith("en")


class CompetitionKind(models.TextChoices):
    """Regular: one round, a pass score, persons only. Technical: rounds, teams, a pool."""

    REGULAR = "regular", _("Regular")
    TECHNICAL = "technical", _("Technical")


class SubmissionKind(models.TextChoices):
    """What is handed in: a file of predictions, a project's version, an online service."""

    FILE = "file", _("File of predictions")
    CODE = "code", _("Code")
    SERVICE = "service", _("Online service")


class FinalRule(models.TextChoices):
    """Which of a team's submissions counts at the end."""

    BEST = "best", _("The best public score")
    LAST = "last", _("The last one")
    CHOSEN = "chosen", _("Chosen ones; else the best public score")


class TieRule(models.TextChoices):
    """Who takes the prize money of equal scores."""

    EARLIER = "earlier", _("Who reached the score first")
    SHARED = "shared", _("Equal scores share their places' money evenly")


class Competition(models.Model):
    """A competition; a draft until it is ``published``.

    ``starts`` and ``ends`` are those of its first and last round, kept so that the hall can
    be sorted. ``ends`` is over, and all is scored: ``finished`` says when the final places
    were fixed. ``pool_shares`` are the top places' parts of ``pool_amount``: numbers that
    add up to at most 1 (guide, 技术大赛: 前三名按比例分配奖池). ``finals_max`` is how many
    submissions a team may choose under ``FinalRule.CHOSEN``. A ``is_template`` competition
    is no competition that anybody sees, only what a schedule copies; ``made_from`` and
    ``month`` (``2026-11``) are of a copy.
    """

    kind = models.CharField(_("type"), max_length=10, choices=CompetitionKind)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_competitions"
    )
    organisers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="organised_competitions",
        verbose_name=_("organisers"),
    )
    slug = models.SlugField(_("slug"), max_length=80, blank=True)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    summary_en = models.CharField(_("summary in English"), max_length=300, blank=True)
    organiser_name = models.CharField(_("organiser"), max_length=100, blank=True)
    organiser_name_en = models.CharField(_("organiser in English"), max_length=100, blank=True)
    cover = models.ImageField(_("cover"), upload_to="covers/", blank=True)
    is_official = models.BooleanField(_("official"), default=False)
    baseline = models.ForeignKey(
        "projects.Project",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="baseline_of",
        verbose_name=_("baseline project"),
    )

    submission_kind = models.CharField(
        _("what is submitted"), max_length=10, choices=SubmissionKind, default=SubmissionKind.FILE
    )
    teams_allowed = models.BooleanField(_("teams"), default=False)
    team_size_max = models.PositiveSmallIntegerField(_("members of a team at most"), default=1)
    team_lock = models.DateTimeField(_("teams are final from"), null=True, blank=True)
    final_rule = models.CharField(
        _("which submission counts"), max_length=10, choices=FinalRule, default=FinalRule.BEST
    )
    finals_max = models.PositiveSmallIntegerField(_("final submissions at most"), default=2)
    pass_score = models.FloatField(_("pass score"), null=True, blank=True)
    prize = models.CharField(_("prize"), max_length=200, blank=True)
    prize_en = models.CharField(_("prize in English"), max_length=200, blank=True)
    pool_amount = models.DecimalField(
        _("prize pool"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    pool_shares = models.JSONField(_("shares of the pool"), default=list, blank=True)
    tie_rule = models.CharField(_("ties"), max_length=10, choices=TieRule, default=TieRule.EARLIER)
    has_medals = models.BooleanField(_("medals"), default=True)

    is_template = models.BooleanField(_("template"), default=False)
    made_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="copies"
    )
    month = models.CharField(_("month"), max_length=7, blank=True)
    starts = models.DateTimeField(_("starts"), null=True, blank=True)
    ends = models.DateTimeField(_("ends"), null=True, blank=True)
    published = models.DateTimeField(_("published"), null=True, blank=True)
    finished = models.DateTimeField(_("finished"), null=True, blank=True)
    team_count = models.PositiveIntegerField(_("teams"), default=0)
    search_text = models.TextField(editable=False, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)
    deleted = models.DateTimeField(_("deleted"), null=True, blank=True)

    class Meta:
        verbose_name = _("competition")
        verbose_name_plural = _("competitions")
        indexes = [
            models.Index(fields=["ends", "id"], condition=_PUBLIC, name="competition_public"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(is_official=True, made_from__isnull=True),
                name="one_official_competition_a_slug",
            ),
            models.UniqueConstraint(
                fields=["made_from", "month"],
                condition=Q(made_from__isnull=False),
                name="one_competition_a_month",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_regular(self) -> bool:
        return self.kind == CompetitionKind.REGULAR

    @property
    def shown_name(self) -> str:
        return (self.name_en if in_english() else "") or self.name

    @property
    def shown_summary(self) -> str:
        return (self.summary_en if in_english() else "") or self.summary

    @property
    def shown_prize(self) -> str:
        return (self.prize_en if in_english() else "") or self.prize

    @property
    def shown_organiser(self) -> str:
        name = (self.organiser_name_en if in_english() else "") or self.organiser_name
        return name or self.owner.shown_name

    def has_started(self, now: datetime | None = None) -> bool:
        """Whether its first round has begun."""
        return self.starts is not None and self.starts <= (now or timezone.now())

    def has_ended(self, now: datetime | None = None) -> bool:
        """Whether its last round is over (its final places may not be fixed yet)."""
        return self.ends is not None and self.ends <= (now or timezone.now())


class PageKey(models.TextChoices):
    """The pages that an organiser writes; rules are apart, since they are accepted."""

    OVERVIEW = "overview", _("Overview")
    DATA = "data", _("Data")
    EVALUATION = "evaluation", _("Evaluation")
    FAQ = "faq", _("FAQ")


class PageText(models.Model):
    """A page's text, as Markdown."""

    competition = models.ForeignKey(Competition, on_delete=models.CASCADE, related_name="pages")
    key = models.CharField(_("page"), max_length=10, choices=PageKey)
    text = models.TextField(_("text"), blank=True)
    text_en = models.TextField(_("text in English"), blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["competition", "key"], name="one_text_a_page")
        ]

    @property
    def shown_text(self) -> str:
        return (self.text_en if in_english() else "") or self.text


class RulesText(models.Model):
    """A version of the rules; a participant has accepted one of them. Never changed."""

    competition = models.ForeignKey(
        Competition, on_delete=models.CASCADE, related_name="rules_texts"
    )
    number = models.PositiveIntegerField(_("number"))
    text = models.TextField(_("text"))
    text_en = models.TextField(_("text in English"), blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["competition", "number"], name="one_rules_text_a_number"
            )
        ]

    @property
    def shown_text(self) -> str:
        return (self.text_en if in_english() else "") or self.text


class Schedule(models.Model):
    """Makes a competition from a template each month (guide, 常规赛: 每月一次).

    It starts on ``day`` (1 to 28, UTC) and lasts ``days``. ``last_month`` is the newest that
    has been made.
    """

    template = models.OneToOneField(Competition, on_delete=models.CASCADE, related_name="schedule")
    day = models.PositiveSmallIntegerField(_("day of the month"), default=1)
    days = models.PositiveSmallIntegerField(_("days it lasts"), default=28)
    is_active = models.BooleanField(_("active"), default=True)
    last_month = models.CharField(_("newest month"), max_length=7, blank=True)
