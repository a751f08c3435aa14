"""Changing what a project says about itself; its owner may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from django.db import transaction

from lyceum.accounts.models import User
from lyceum.common.images import reencoded
from lyceum.projects.actions._fields import (
    clean_description,
    clean_name,
    clean_tags,
    clean_visibility,
    refresh_search,
    store_tags,
)
from lyceum.projects.models import Project
from lyceum.projects.queries import owned_project

_COVER = (960, 540)


def edit_project(
    user: User,
    project_id: int,
    *,
    name: str | None = None,
    description: str | None = None,
    tags: Sequence[str] | None = None,
    visibility: str | None = None,
) -> Project:
    """Change what is given and leave the rest."""
    project = owned_project(user, project_id)
    if name is not None:
        project.name = clean_name(name)
    if description is not None:
        project.description = clean_description(description)
    if visibility is not None:
        project.visibility = clean_visibility(visibility)
    tag_names = None if tags is None else clean_tags(tags)
    with transaction.atomic():
        project.save(update_fields=["name", "description", "visibility", "updated"])
        if tag_names is None:
            refresh_search(project)
        else:
            store_tags(project, tag_names)
    return project


def set_tags(user: User, project_id: int, *, tags: Sequence[str]) -> Project:
    """Make ``tags`` the project's tags."""
    return edit_project(user, project_id, tags=tags)


def set_visibility(user: User, project_id: int, *, visibility: str) -> Project:
    """Make the project private, or shared with everybody."""
    return edit_project(user, project_id, visibility=visibility)


def set_cover(user: User, project_id: int, *, image: BinaryIO | None) -> Project:
    """Give the project a cover, re-encoded by us; ``None`` takes it away.

    Raises ``DomainError`` (field ``cover``) when it is no picture or too large.
    """
    project = owned_project(user, project_id)
    fresh = None
    if image is not None:
        fresh = reencoded(image, width=_COVER[0], height=_COVER[1], field="cover")
    before = project.cover.name
    if fresh is None:
        project.cover = ""
    else:
        project.cover.save(fresh.name, fresh, save=False)
    project.save(update_fields=["cover", "updated"])
    if before:
        project.cover.storage.delete(before)
    return project
