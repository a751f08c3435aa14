"""Stars: a learner's mark on a project they like."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from lyceum.accounts.models import User
from lyceum.notifications.actions import notify
from lyceum.notifications.models import NotificationKind
from lyceum.projects.models import Project, Star
from lyceum.projects.queries import get_project


def star_project(user: User, project_id: int) -> Project:
    """Star a project that ``user`` sees; once, however often asked."""
    project = get_project(user, project_id)
    with transaction.atomic():
        _star, is_new = Star.objects.get_or_create(user=user, project=project)
        if is_new:
            _count(project, 1)
            notify(
                [project.owner_id],
                NotificationKind.STARRED,
                actor=user,
                link=f"/projects/{project.pk}/",
                title=project.name,
            )
    project.refresh_from_db(fields=["star_count"])
    return project


def unstar_project(user: User, project_id: int) -> Project:
    """Take the star back, if there is one."""
    project = get_project(user, project_id)
    with transaction.atomic():
        removed, _rows = Star.objects.filter(user=user, project=project).delete()
        if removed:
            _count(project, -1)
    project.refresh_from_db(fields=["star_count"])
    return project


def _count(project: Project, change: int) -> None:
    Project.objects.filter(pk=project.pk).update(star_count=F("star_count") + change)
