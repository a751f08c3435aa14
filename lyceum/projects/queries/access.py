"""Who may see and change a project; every other query starts here."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Forbidden, NotFound
from lyceum.projects.models import Project, Version

Reader = User | AnonymousUser


def visible_projects(user: Reader) -> QuerySet[Project]:
    """Projects that ``user`` may see: official, shared, their own; none in the trash."""
    mine = Q(owner_id=user.pk) if user.is_authenticated else Q()
    shown = Q(is_official=True) | Q(visibility=Project.Visibility.SHARED)
    return Project.objects.filter(shown | mine, deleted__isnull=True)


def get_project(user: Reader, project_id: int) -> Project:
    """The project, with its owner; ``NotFound`` when ``user`` may not see it."""
    found = visible_projects(user).select_related("owner").filter(pk=project_id).first()
    if found is None:
        raise no_such_project()
    return found


def owned_project(user: Reader, project_id: int) -> Project:
    """A project of ``user``'s; ``NotFound`` if not visible, ``Forbidden`` if another's."""
    project = get_project(user, project_id)
    if not user.is_authenticated or project.owner_id != user.pk:
        raise Forbidden("not_owner", _("Only the owner of this project can do that."))
    return project


def trashed_project(user: Reader, project_id: int) -> Project:
    """A project in ``user``'s trash; ``NotFound`` otherwise."""
    found = Project.objects.filter(pk=project_id, owner_id=user.pk, deleted__isnull=False).first()
    if found is None:
        raise no_such_project()
    return found


def official_project(slug: str) -> Project | None:
    """The official project that ``examples/projects/<slug>`` describes, once installed."""
    return Project.objects.filter(is_official=True, slug=slug, deleted__isnull=True).first()


def get_version(project: Project, number: int) -> Version:
    """A saved version by its number; raises ``NotFound``."""
    found = project.versions.filter(number=number).first()
    if found is None:
        raise NotFound("no_such_version", _("There is no such version."))
    return found


def latest_version(project: Project) -> Version | None:
    """The newest saved version; ``None`` before the first."""
    return project.versions.order_by("-number").first()


def origin_of(user: Reader, project: Project) -> Project | None:
    """What the project was forked from, if ``user`` may see it (still)."""
    if project.forked_from_id is None:
        return None
    seen = visible_projects(user).select_related("owner")
    return seen.filter(pk=project.forked_from_id).first()


def no_such_project() -> NotFound:
    return NotFound("no_such_project", _("There is no such project."))
