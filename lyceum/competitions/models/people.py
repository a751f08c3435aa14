"""Who takes part: participants, teams, and teams that want to be one."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lyceum.competitions.models.competition import Competition, RulesText


def _token() -> str:
    return secrets.token_urlsafe(24)


class Team(models.Model):
    """What is on the board; who takes part alone is a team of one.

    ``invite`` is the secret in its invitation link. A team that all have left, or that has
    been merged into another one, is ``dissolved``; its submissions are where ``merged_into``
    says. ``disqualified`` teams are on no board and get no prize.
    """

    competition = models.ForeignKey(Competition, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(_("name"), max_length=60)
    captain = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    invite = models.CharField(max_length=40, unique=True, default=_token)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    dissolved = models.DateTimeField(_("dissolved"), null=True, blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    disqualified = models.DateTimeField(_("disqualified"), null=True, blank=True)
    disqualified_reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [
            models.UniqueConstraint(
                fields=["competition", "name"],
                condition=Q(dissolved__isnull=True),
                name="one_team_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Participation(models.Model):
    """A person in a competition: once, with the rules they accepted and their team.

    ``person`` is a digest of the person's e-mail address without what mail providers ignore
    in it: one person, one account a competition. Empty where there is none. ``left``: they
    take part no longer; the row stays, so that leaving and joining again wins nothing.
    """

    competition = models.ForeignKey(
        Competition, on_delete=models.CASCADE, related_name="participations"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="participations"
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="participations")
    rules_text = models.ForeignKey(
        RulesText, on_delete=models.PROTECT, null=True, related_name="+"
    )
    accepted = models.DateTimeField(_("rules accepted"), null=True)
    person = models.CharField(max_length=64, blank=True)
    joined = models.DateTimeField(_("joined"), auto_now_add=True)
    left = models.DateTimeField(_("left"), null=True, blank=True)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = [
            models.UniqueConstraint(fields=["competition", "user"], name="one_account_takes_part"),
            models.UniqueConstraint(
                fields=["competition", "person"],
                condition=~Q(person=""),
                name="one_person_takes_part",
            ),
        ]


class MergeState(models.TextChoices):
    """What came of a merge request."""

    PENDING = "pending", _("Pending")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class MergeRequest(models.Model):
    """One team asks another to become one; the other's captain answers."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="merges_asked")
    target = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="merges_offered")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=MergeState, default=MergeState.PENDING)
    created = models.DateTimeField(auto_now_add=True)
    answered = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "target"],
                condition=Q(state="pending"),
                name="one_pending_merge_a_pair",
            )
        ]
