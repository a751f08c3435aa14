"""Projects in the administration: make one official, hide one, empty nothing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lyceum.common.errors import DomainError
from lyceum.projects import actions
from lyceum.projects.models import Project, ProjectDataset, Tag, Version


class VersionInline(admin.TabularInline):
    """The saved versions, to look at."""

    model = Version
    fields = readonly_fields = ("number", "note", "cause", "author", "created")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DatasetInline(admin.TabularInline):
    """The datasets, to look at: learners add them."""

    model = ProjectDataset
    fields = readonly_fields = ("position", "dataset", "version")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    list_display = ("name", "owner", "kind", "visibility", "is_official", "created", "deleted")
    list_filter = ("is_official", "visibility", "kind", "environment")
    list_select_related = ("owner",)
    show_full_result_count = False
    search_fields = ("=id", "search_text", "owner__username")
    fields = (
        "owner", "name", "name_en", "description", "description_en", "visibility",
        "kind", "environment", "framework", "resource", "slug", "is_official",
        "forked_from", "fork_count", "star_count", "created", "updated", "deleted",
    )  # fmt: skip
    readonly_fields = (
        "owner", "kind", "environment", "framework", "resource", "slug", "is_official",
        "forked_from", "fork_count", "star_count", "created", "updated", "deleted",
    )  # fmt: skip
    inlines = (DatasetInline, VersionInline)
    actions = ("make_official",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Projects come from their pages, with their files."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Owners delete; the trash is emptied by itself."""
        return False

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        actions.refresh_search(obj)

    @admin.action(description=gettext_lazy("Make official"))
    def make_official(self, request: HttpRequest, chosen: QuerySet[Project]) -> None:
        for project in chosen:
            slug = project.slug or slugify(project.name_en or project.name) or "project"
            try:
                actions.publish_official(
                    project.pk,
                    slug=f"{slug}-{project.pk}",
                    name_en=project.name_en,
                    description_en=project.description_en,
                )
            except DomainError as refusal:
                messages.error(request, f"{project}: {refusal.message}")
            else:
                messages.success(request, _("%(name)s is official now.") % {"name": project})


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ("name", "name_en")
    fields = ("name", "name_en")
    search_fields = ("name", "name_en")

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        actions.refresh_tag(obj)
