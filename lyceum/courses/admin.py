"""The hall's entries in the administration: this is where they are written."""

from __future__ import annotations

from django.contrib import admin

from lyceum.courses.models import HallPanel


@admin.register(HallPanel)
class HallPanelAdmin(admin.ModelAdmin):
    list_display = ("title", "place", "position", "published", "created")
    list_editable = ("position", "published")
    list_filter = ("place", "published")
    search_fields = ("title", "title_en", "text")
