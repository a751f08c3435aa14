"""What a project is found by."""

from __future__ import annotations

from collections.abc import Iterable

from lyceum.common import search
from lyceum.projects.models import Project


def searchable(project: Project, tags: Iterable[str]) -> str:
    """A project's names, tags and descriptions, as ``common.search`` keeps them."""
    return search.searchable(
        (project.name, project.name_en, *tags, project.description, project.description_en)
    )
