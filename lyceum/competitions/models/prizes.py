"""What is won: certificates, prize codes, shares of the pool."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lyceum.competitions.models.competition import Competition
from lyceum.competitions.models.people import Participation, Team


class PrizeCode(models.Model):
    """A code (a voucher) that goes to one participant, once."""

    competition = models.ForeignKey(
        Competition, on_delete=models.CASCADE, related_name="prize_codes"
    )
    code = models.CharField(_("code"), max_length=200)
    participation = models.OneToOneField(
        Participation, on_delete=models.PROTECT, null=True, blank=True, related_name="prize_code"
    )
    awarded = models.DateTimeField(_("awarded"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["competition", "code"], name="one_prize_code")
        ]
        indexes = [
            models.Index(
                fields=["competition", "id"],
                condition=Q(participation__isnull=True),
                name="prize_code_free",
            )
        ]


class CertificateKind(models.TextChoices):
    """For what a certificate is given."""

    PASSED = "passed", _("Passed")
    PLACE = "place", _("Final place")


class Certificate(models.Model):
    """A certificate; ``code`` verifies it at ``/certificates/<code>/``.

    What it says is kept as it was when it was issued. ``score`` is the public score that
    passed, or the final one; ``place`` and ``teams`` of final places only. One that is not
    true any more (a rejudge, a disqualification) is ``revoked``; its code goes on telling so.
    """

    code = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=10, choices=CertificateKind)
    competition = models.ForeignKey(
        Competition, on_delete=models.PROTECT, related_name="certificates"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="certificates"
    )
    holder = models.CharField(max_length=150)
    team_name = models.CharField(max_length=60, blank=True)
    score = models.FloatField(null=True)
    place = models.PositiveIntegerField(null=True)
    teams = models.PositiveIntegerField(null=True)
    issued = models.DateTimeField(auto_now_add=True)
    revoked = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["competition", "user", "kind"],
                condition=Q(revoked__isnull=True),
                name="one_certificate_a_kind",
            )
        ]


class PoolShare(models.Model):
    """A team's part of the pool; ``share`` of 1, ``amount`` in the competition's currency."""

    competition = models.ForeignKey(
        Competition, on_delete=models.CASCADE, related_name="pool_parts"
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="pool_parts")
    place = models.PositiveIntegerField()
    share = models.DecimalField(max_digits=9, decimal_places=8)
    amount = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["competition", "team"], name="one_pool_share_a_team")
        ]
