"""Competitions in the administration, to look at: their organisers' pages change them.

What tells the truth or gives something away (a split's seed, invitations, prize codes,
details of failures) is not shown.
"""

from __future__ import annotations

from django.contrib import admin

from lyceum.common.admin import ReadOnly
from lyceum.competitions.models import (
    AuditEvent,
    Certificate,
    Competition,
    Participation,
    Round,
    Submission,
    Team,
)


class _Shown(ReadOnly, admin.ModelAdmin):
    show_full_result_count = False


@admin.register(Competition)
class CompetitionAdmin(_Shown):
    list_display = (
        "id", "name", "kind", "owner", "published", "starts", "ends", "finished", "team_count",
    )  # fmt: skip
    list_filter = ("kind", "submission_kind", "is_official", "is_template")
    list_select_related = ("owner",)
    search_fields = ("=id", "name", "name_en", "owner__username")


@admin.register(Round)
class RoundAdmin(_Shown):
    list_display = ("id", "competition", "number", "metric", "starts", "ends", "finished")
    list_select_related = ("competition",)
    search_fields = ("=competition__id", "competition__name")
    exclude = ("rules", "truth_name", "truth_sha256", "inputs_name", "fault")


@admin.register(Team)
class TeamAdmin(_Shown):
    list_display = ("id", "name", "competition", "captain", "dissolved", "disqualified")
    list_select_related = ("competition", "captain")
    search_fields = ("=id", "name", "competition__name", "captain__username")
    exclude = ("invite",)


@admin.register(Participation)
class ParticipationAdmin(_Shown):
    list_display = ("id", "user", "competition", "team", "joined", "left")
    list_select_related = ("user", "competition", "team")
    search_fields = ("user__username", "competition__name", "team__name")
    exclude = ("person",)


@admin.register(Submission)
class SubmissionAdmin(_Shown):
    list_display = (
        "id", "round", "team", "user", "kind", "state", "counts", "public_score", "created",
    )  # fmt: skip
    list_filter = ("state", "kind", "counts")
    list_select_related = ("round__competition", "team", "user")
    search_fields = ("=id", "team__name", "user__username")
    exclude = ("detail", "private_score", "metrics")


@admin.register(Certificate)
class CertificateAdmin(_Shown):
    list_display = ("code", "kind", "competition", "holder", "place", "issued", "revoked")
    list_filter = ("kind",)
    list_select_related = ("competition",)
    search_fields = ("=code", "holder", "user__username", "competition__name")


@admin.register(AuditEvent)
class AuditEventAdmin(_Shown):
    list_display = ("id", "competition", "action", "author", "team", "submission", "created")
    list_filter = ("action",)
    list_select_related = ("competition", "author", "team", "submission")
    search_fields = ("=competition__id", "competition__name", "author__username", "team__name")
