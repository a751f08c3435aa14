"""The leaderboard's rows, kept so that a page costs the same whatever was submitted."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lyceum.competitions.models.people import Team
from lyceum.competitions.models.rounds import Round
from lyceum.competitions.models.submissions import Submission


class Medal(models.TextChoices):
    """What a place wins."""

    GOLD = "gold", _("Gold")
    SILVER = "silver", _("Silver")
    BRONZE = "bronze", _("Bronze")


class Standing(models.Model):
    """A team in a round: its best public submission, and the one that counts at the end.

    Keys are scores of which a higher one is better (`Round.key`); ``None``: no score. Of
    equal keys the earlier ``*_reached`` (when that submission was handed in) comes first,
    then the lower id. ``rank_before`` is the place at the last change of day (UTC), for the
    movement since yesterday. ``hidden``: disqualified, or gone
    before the end. ``final_rank``, ``medal`` and
    ``advanced`` are set when the round is finished.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="standings")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="standings")
    submissions = models.PositiveIntegerField(_("scored submissions"), default=0)
    last_submitted = models.DateTimeField(null=True)
    public_submission = models.ForeignKey(
        Submission, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    public_score = models.FloatField(null=True)
    public_key = models.FloatField(null=True)
    public_reached = models.DateTimeField(null=True)
    private_submission = models.ForeignKey(
        Submission, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    private_score = models.FloatField(null=True)
    private_key = models.FloatField(null=True)
    private_reached = models.DateTimeField(null=True)
    hidden = models.BooleanField(default=False)
    rank_before = models.PositiveIntegerField(null=True)
    final_rank = models.PositiveIntegerField(null=True)
    medal = models.CharField(max_length=10, choices=Medal, blank=True)
    advanced = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "team"], name="one_standing_a_team")
        ]
        indexes = [
            models.Index(
                fields=["round", "hidden", "-public_key", "public_reached", "id"],
                name="standing_public",
            ),
            models.Index(
                fields=["round", "hidden", "-private_key", "private_reached", "id"],
                name="standing_private",
            ),
        ]


class SimilarPair(models.Model):
    """Two teams' submissions that are nearly the same (``similarity`` 0 to 1)."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="similar_pairs")
    first = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="+")
    similarity = models.FloatField()
    dismissed = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="one_similar_pair")
        ]
