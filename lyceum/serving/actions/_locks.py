"""Whose row is held while something about services changes."""

from __future__ import annotations

from django.utils.translation import gettext as _

from lyceum.common.errors import NotFound
from lyceum.projects.models import Project
from lyceum.serving.models import Draft, Service


def lock_project(project_id: int) -> Project:
    """Hold the project's row until the caller's transaction ends.

    Everything that counts services or makes one does, so that what is begun at once
    can't pass a limit together. Raises ``NotFound`` when it has just been deleted.
    """
    rows = Project.objects.select_for_update().filter(pk=project_id, deleted=None)
    project = rows.first()
    if project is None:
        raise NotFound("no_such_project", _("There is no such project."))
    return project


def lock_service(service_id: int) -> Service:
    """Hold the service's row, read again; ``NotFound`` when it has just been deleted."""
    rows = Service.objects.select_for_update(of=("self",)).select_related("project")
    service = rows.filter(pk=service_id, deleted=None).first()
    if service is None:
        raise NotFound("no_such_service", _("There is no such prediction service."))
    return service


def lock_draft(draft_id: int) -> Draft:
    """Hold the draft's row, read again; ``NotFound`` when it has just been used."""
    rows = Draft.objects.select_for_update(of=("self",)).select_related("project")
    draft = rows.filter(pk=draft_id).first()
    if draft is None:
        raise NotFound("no_such_draft", _("There is no such draft (any more)."))
    return draft
