"""Datasets in the administration: what they say of themselves; files are frozen."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from lyceum.datasets.actions import refresh_search, refresh_tag
from lyceum.datasets.models import Comment, Dataset, DatasetVersion, Tag


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
    list_display = (
        "name", "owner", "visibility", "is_official", "file_count", "size", "created", "deleted",
    )  # fmt: skip
    list_filter = ("is_official", "visibility", "licence")
    list_select_related = ("owner",)
    show_full_result_count = False
    search_fields = ("=id", "search_text", "owner__username")
    fields = (
        "owner", "name", "name_en", "summary", "summary_en", "description", "description_en",
        "licence", "source", "visibility", "tags", "slug", "is_official", "size", "file_count",
        "favourite_count", "project_count", "created", "updated", "deleted",
    )  # fmt: skip
    readonly_fields = (
        "owner", "slug", "is_official", "size", "file_count", "favourite_count", "project_count",
        "created", "updated", "deleted",
    )  # fmt: skip
    autocomplete_fields = ("tags",)
    inlines = (VersionInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Datasets come from their pages or from ``examples/``, with their files."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Owners delete; the trash is emptied by itself."""
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        refresh_search(form.instance)


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    """Comments, to read and to remove: nobody writes in another's name."""

    list_display = ("dataset", "author", "text", "created")
    list_select_related = ("dataset", "author")
    search_fields = ("text", "author__username", "dataset__name")
    show_full_result_count = False
    readonly_fields = ("dataset", "author", "text", "created")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ("name", "name_en")
    fields = ("name", "name_en")
    search_fields = ("name", "name_en")

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        refresh_tag(obj)
