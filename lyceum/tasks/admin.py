"""Tasks in the administration, to look at: their owners submit and stop them."""

from __future__ import annotations

from django.contrib import admin

from lyceum.common.admin import ReadOnly
from lyceum.tasks.models import CpuUse, Task


@admin.register(Task)
class TaskAdmin(ReadOnly, admin.ModelAdmin):
    list_display = (
        "id", "note", "project", "user", "state", "reason", "environment", "trainers", "pservers",
        "submitted", "started", "ended",
    )  # fmt: skip
    list_filter = ("state", "reason")
    list_select_related = ("project", "user")
    search_fields = ("=id", "note", "project__name", "user__username")
    show_full_result_count = False


@admin.register(CpuUse)
class CpuUseAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("day", "user", "seconds")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    ordering = ("-day", "-seconds")
    show_full_result_count = False
