"""A round (赛制轮次): its dates, data, quotas, and how it is scored."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lyceum.competitions.models.competition import Competition, in_english


class Advance(models.TextChoices):
    """Who goes on from a round to the next one."""

    ALL = "all", _("Everybody who scored")
    TOP = "top", _("The first places")
    SCORE = "score", _("Who reaches a score")


class Round(models.Model):
    """One round of a competition; a regular competition has one.

    ``rules`` are :class:`lyceum.scoring.Rules` as JSON text, with the split's secret seed:
    participants see ``Rules.for_participants()`` only. ``program`` names an organiser's own
    ``score.py``, run in ``program_environment``; then ``rules`` is empty. Files (truth,
    hidden inputs, example, program) are in :mod:`lyceum.competitions.folders`, seen by the
    scorer alone. ``has_private``: there is a split, so the board shows the public part until
    the round is over. ``daily_limit`` and ``total_limit`` are submissions of a team (0: as
    many as it likes). ``board_version`` grows with each change of the board. ``fault`` is
    what is wrong with truth or program, in words for the organiser: scoring waits meanwhile.
    """

    competition = models.ForeignKey(Competition, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=60, blank=True)
    name_en = models.CharField(_("name in English"), max_length=60, blank=True)
    starts = models.DateTimeField(_("starts"), null=True, blank=True)
    ends = models.DateTimeField(_("ends"), null=True, blank=True)
    datasets = models.ManyToManyField(
        "datasets.Dataset", blank=True, related_name="rounds", verbose_name=_("datasets")
    )
    daily_limit = models.PositiveIntegerField(_("submissions a day"), default=5)
    total_limit = models.PositiveIntegerField(_("submissions in all"), default=0)
    rules = models.TextField(_("rules of scoring"), blank=True)
    program = models.CharField(_("scoring program"), max_length=100, blank=True)
    program_environment = models.CharField(_("its environment"), max_length=40, blank=True)
    metric = models.CharField(_("metric"), max_length=60, blank=True)
    higher_is_better = models.BooleanField(_("higher is better"), default=True)
    has_private = models.BooleanField(_("private part"), default=False)
    truth_name = models.CharField(max_length=200, blank=True)
    truth_sha256 = models.CharField(max_length=64, blank=True)
    truth_rows = models.PositiveIntegerField(default=0)
    example_name = models.CharField(max_length=200, blank=True)
    inputs_name = models.CharField(max_length=200, blank=True)
    advance = models.CharField(
        _("who goes on"), max_length=10, choices=Advance, default=Advance.ALL
    )
    advance_count = models.PositiveIntegerField(_("places that go on"), default=0)
    advance_score = models.FloatField(_("score that goes on"), null=True, blank=True)
    board_version = models.PositiveIntegerField(default=0, editable=False)
    ranks_taken = models.DateTimeField(null=True, editable=False)
    fault = models.TextField(_("what is wrong with its scoring"), blank=True)
    finished = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("round")
        verbose_name_plural = _("rounds")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["competition", "number"], name="one_round_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.competition} #{self.number}"

    @property
    def shown_name(self) -> str:
        return (self.name_en if in_english() else "") or self.name

    def is_open(self, now: datetime | None = None) -> bool:
        """Whether it takes submissions by its dates."""
        now = now or timezone.now()
        return self.starts is not None and self.starts <= now < (self.ends or now)

    def key(self, score: float) -> float:
        """The score as a number of which a higher one is better."""
        return score if self.higher_is_better else -score
