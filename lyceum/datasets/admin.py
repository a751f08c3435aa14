"""Datasets in the administration: what they say of themselves; files are frozen."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from lyceum.datasets.models import Dataset, DatasetVersion


class VersionInline(admin.TabularInline):
    """The versions, to look at: their files never change."""

    model = DatasetVersion
    fields = readonly_fields = ("number", "note", "file_count", "size", "created")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):
    list_display = ("name", "owner", "visibility", "is_official", "created", "deleted")
    list_filter = ("is_official", "visibility")
    search_fields = ("name", "name_en", "slug", "owner__username")
    autocomplete_fields = ("owner",)
    readonly_fields = ("slug", "is_official", "created", "updated")
    inlines = (VersionInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Datasets come from their pages or from ``examples/``, with their files."""
        return False
