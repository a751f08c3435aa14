"""Who may see and change services: the owner of their project, and nobody else."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, NotFound
from lyceum.projects.models import Project
from lyceum.projects.queries import owned_project
from lyceum.serving.models import ApiKey, Draft, Service


def notebook_project(user: User, project_id: int) -> Project:
    """A notebook project of ``user``'s: only those have services (guide, 功能说明).

    Raises ``NotFound``, ``Forbidden`` (another's) and ``Conflict`` (no notebook).
    """
    project = owned_project(user, project_id)
    if project.kind != Project.Kind.NOTEBOOK:
        sentence = _("Only notebook projects can have prediction services.")
        raise Conflict("not_a_notebook", sentence)
    return project


def owned_draft(user: User, draft_id: int, *, project_id: int | None = None) -> Draft:
    """A draft of ``user``'s, with its project; ``NotFound`` otherwise.

    ``project_id``: where it must be a draft of that project.
    """
    rows = Draft.objects.select_related("project").filter(
        project__owner_id=user.pk, project__deleted=None
    )
    if project_id is not None:
        rows = rows.filter(project_id=project_id)
    found = rows.filter(pk=draft_id).first()
    if found is None:
        raise NotFound("no_such_draft", _("There is no such draft (any more)."))
    return found


def owned_services(user: User) -> QuerySet[Service]:
    """The services of ``user``'s projects that are not deleted, with what is shown of them."""
    rows = Service.objects.filter(
        project__owner_id=user.pk, project__deleted=None, deleted__isnull=True
    )
    return rows.select_related("project", "revision", "active_revision", "previous_revision")


def owned_service(user: User, service_id: int, *, project_id: int | None = None) -> Service:
    """A service of ``user``'s; ``NotFound`` otherwise.

    ``project_id``: where it must be a service of that project.
    """
    rows = owned_services(user)
    if project_id is not None:
        rows = rows.filter(project_id=project_id)
    found = rows.filter(pk=service_id).first()
    if found is None:
        raise NotFound("no_such_service", _("There is no such prediction service."))
    return found


def key_of(service: Service, key_id: int) -> ApiKey:
    """A key of the service that still counts; ``NotFound`` otherwise."""
    found = service.keys.filter(pk=key_id, revoked=None).first()
    if found is None:
        raise NotFound("no_such_key", _("There is no such key (any more)."))
    return found
