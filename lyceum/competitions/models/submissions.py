"""Submissions, every score they ever had, and what people did about them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lyceum.competitions.models.competition import Competition, SubmissionKind
from lyceum.competitions.models.people import Team
from lyceum.competitions.models.rounds import Round


class SubmissionState(models.TextChoices):
    """Where a submission is. Only queued, scoring and scored ones cost an attempt."""

    QUEUED = "queued", _("Queued")
    SCORING = "scoring", _("Scoring")
    SCORED = "scored", _("Scored")
    INVALID = "invalid", _("Not accepted")
    FAILED = "failed", _("Failed")
    ORGANISER = "organiser", _("Failed by the organiser's scoring")
    PLATFORM = "platform", _("Failed by the platform")


class Submission(models.Model):
    """What a team hands in to a round.

    ``INVALID``: the check before scoring found ``report`` (`lyceum.scoring.Report` as JSON).
    ``FAILED``: the team's own code or service failed. ``ORGANISER``, ``PLATFORM``: nobody's
    fault here. ``counts`` says whether it costs one of the attempts of ``day`` (UTC); it is
    changed together with the state, under the team's lock. ``is_open``: there is scoring to
    do, a first one or a rejudge's; ``queued`` since then. ``attempt`` counts all starts of a
    scoring, ``attempts_before`` those before it was queued the last time, so a rejudge has
    as many tries as a first scoring has and no scorer of before is taken for one of it.
    ``lease`` is until when its scorer is believed alive. Scores are of the newest judgement
    (`Score`); ``public_score`` is of the whole where there is no split. ``excluded``: off
    the board, with a reason, the team staying on it. ``sentence`` and ``sentence_zh`` say to the
    team why it has no score; ``detail`` is the organiser's to read and may hold the truth.
    ``fingerprint`` is what near-duplicates are found by.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="submissions")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="submissions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="submissions",
        db_index=False,
    )
    kind = models.CharField(_("type"), max_length=10, choices=SubmissionKind)
    message = models.CharField(_("message"), max_length=200, blank=True)
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    version = models.ForeignKey(
        "projects.Version", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    service = models.ForeignKey(
        "serving.Service", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    state = models.CharField(
        _("state"), max_length=10, choices=SubmissionState, default=SubmissionState.QUEUED
    )
    counts = models.BooleanField(_("costs an attempt"), default=True)
    day = models.DateField(_("day"))
    created = models.DateTimeField(_("submitted"), auto_now_add=True)
    is_open = models.BooleanField(default=True, editable=False)
    queued = models.DateTimeField(_("queued"), null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    attempts_before = models.PositiveSmallIntegerField(default=0, editable=False)
    lease = models.DateTimeField(null=True, editable=False)
    started = models.DateTimeField(_("started"), null=True, blank=True)
    ended = models.DateTimeField(_("ended"), null=True, blank=True)
    rejudge = models.ForeignKey(
        "Rejudge", on_delete=models.SET_NULL, null=True, blank=True, related_name="submissions"
    )

    public_score = models.FloatField(_("public score"), null=True, blank=True)
    private_score = models.FloatField(_("private score"), null=True, blank=True)
    metrics = models.JSONField(_("metrics"), default=dict, blank=True)
    report = models.JSONField(_("what the check found"), null=True, blank=True)
    sentence = models.CharField(max_length=600, blank=True)
    sentence_zh = models.CharField(max_length=600, blank=True)
    detail = models.TextField(_("detail for the organiser"), blank=True)
    chosen = models.BooleanField(_("chosen as final"), default=False)
    excluded = models.DateTimeField(_("excluded"), null=True, blank=True)
    excluded_reason = models.CharField(_("reason"), max_length=500, blank=True)
    fingerprint = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["round", "team", "-id"], name="submission_team"),
            models.Index(fields=["round", "-id"], name="submission_round"),
            models.Index(
                fields=["queued", "id"], condition=Q(is_open=True), name="submission_open"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ScoreCause(models.TextChoices):
    """Why something was scored."""

    FIRST = "first", _("First scoring")
    REJUDGE = "rejudge", _("Rejudged")


class Score(models.Model):
    """The audit log of scores: each that a submission ever had, never changed.

    ``metrics``: ``{"public": {label: value}, "private": {…}}``. ``rules_digest`` is the
    SHA-256 of truth and rules that made it.
    """

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="scores")
    number = models.PositiveIntegerField(_("number"))
    cause = models.CharField(max_length=10, choices=ScoreCause, default=ScoreCause.FIRST)
    rejudge = models.ForeignKey("Rejudge", on_delete=models.SET_NULL, null=True, related_name="+")
    public_score = models.FloatField(null=True)
    private_score = models.FloatField(null=True)
    metrics = models.JSONField(default=dict)
    made_with = models.JSONField(default=dict)
    rules_digest = models.CharField(max_length=64, blank=True)
    seconds = models.FloatField(_("seconds it took"), default=0.0)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "number"], name="one_score_a_number")
        ]


class RejudgeScope(models.TextChoices):
    """Whose submissions are scored again."""

    SUBMISSION = "submission", _("One submission")
    TEAM = "team", _("One team's")
    ROUND = "round", _("All of the round")


class Rejudge(models.Model):
    """An organiser's order to score again; the old scores stand until the new ones are there."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="rejudges")
    scope = models.CharField(max_length=10, choices=RejudgeScope)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="+")
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, null=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=500)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    total = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]


class AuditAction(models.TextChoices):
    """What was done to a competition."""

    PUBLISHED = "published", _("Published")
    CHANGED = "changed", _("Changed")
    SCORING_CHANGED = "scoring_changed", _("Scoring changed")
    REJUDGED = "rejudged", _("Rejudged")
    DISQUALIFIED = "disqualified", _("Disqualified")
    RESTORED = "restored", _("Taken back into the competition")
    EXCLUDED = "excluded", _("Submission excluded")
    INCLUDED = "included", _("Submission included again")
    ROUND_FINISHED = "round_finished", _("Round finished")
    FINISHED = "finished", _("Finished")


class AuditEvent(models.Model):
    """Who did what, when, and why; ``author`` is empty where the platform did it."""

    competition = models.ForeignKey(Competition, on_delete=models.CASCADE, related_name="events")
    action = models.CharField(max_length=20, choices=AuditAction)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    submission = models.ForeignKey(
        Submission, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["competition", "-id"], name="audit_competition")]
