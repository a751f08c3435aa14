"""Prediction services in the administration, to look at: their owners change them."""

from __future__ import annotations

from django.contrib import admin

from lyceum.common.admin import ReadOnly
from lyceum.serving.models import ApiKey, Draft, Replica, Service


class ReplicaInline(ReadOnly, admin.TabularInline):
    """The sandboxes that serve it now."""

    model = Replica
    fields = readonly_fields = ("uid", "revision", "state", "run_id", "created", "ready_at")
    extra = 0


class KeyInline(ReadOnly, admin.TabularInline):
    """Its keys, without what they are."""

    model = ApiKey
    fields = readonly_fields = (
        "name", "prefix", "rate_per_minute", "created", "expires", "revoked", "last_used",
    )  # fmt: skip
    extra = 0


@admin.register(Service)
class ServiceAdmin(ReadOnly, admin.ModelAdmin):
    list_display = (
        "name", "project", "stage", "state", "reason", "public_id", "changed", "last_called",
        "deleted",
    )  # fmt: skip
    list_filter = ("stage", "state", "reason")
    list_select_related = ("project",)
    search_fields = ("=id", "=public_id", "name", "project__name", "project__owner__username")
    show_full_result_count = False
    inlines = (ReplicaInline, KeyInline)


@admin.register(Draft)
class DraftAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "project", "step", "kind", "updated")
    list_select_related = ("project",)
    search_fields = ("name", "project__name", "project__owner__username")
    show_full_result_count = False
