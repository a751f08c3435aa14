"""Which projects run now, for administrators; to look at, not to change."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from lyceum.notebooks.models import NotebookServer


@admin.register(NotebookServer)
class NotebookServerAdmin(admin.ModelAdmin):
    """Rows are changed by steps that belong together, never by hand."""

    list_display = ("project", "user", "state", "stage", "reason", "started", "last_activity")
    list_filter = ("state", "reason")
    list_select_related = ("project", "user")
    search_fields = ("=project__id", "project__name", "user__username", "=run_id")
    ordering = ("-requested",)
    exclude = ("token_hash",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: NotebookServer | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: NotebookServer | None = None
    ) -> bool:
        return False
