"""What the pages and the API show of services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.config import settings
from lyceum.limits import limit
from lyceum.projects.models import Project
from lyceum.serving.models import ApiKey, Draft, Service
from lyceum.serving.queries.access import notebook_project, owned_services

Stage, State = Service.Stage, Service.State


@dataclass(frozen=True, slots=True)
class Places:
    """How many sandbox services a project has, and the most it may have."""

    used: int
    most: int

    @property
    def left(self) -> int:
        return max(0, self.most - self.used)


def services_of(user: User, project_id: int) -> list[Service]:
    """The project's services: the online one first, then the sandboxes, oldest first.

    Raises as :func:`notebook_project`.
    """
    project = notebook_project(user, project_id)
    services = list(owned_services(user).filter(project=project).order_by("pk"))
    return sorted(services, key=lambda each: each.stage != Stage.ONLINE)


def online_service(project: Project) -> Service | None:
    """The project's online service, if it has one."""
    return Service.objects.filter(project=project, stage=Stage.ONLINE, deleted=None).first()


def sandbox_places(project: Project) -> Places:
    """How many of its sandbox services a project has used."""
    alive = Service.objects.filter(project=project, stage=Stage.SANDBOX, deleted=None)
    return Places(alive.count(), limit("sandbox_services_per_project"))


def drafts_of(user: User, project_id: int) -> list[Draft]:
    """The project's drafts, the one last worked on first; raises :func:`notebook_project`'s.

    What may be large is read only when it is asked for.
    """
    large = ("inspection", "outputs", "converter", "sample", "trial")
    return list(Draft.objects.filter(project=notebook_project(user, project_id)).defer(*large))


def keys_of(service: Service) -> list[ApiKey]:
    """The keys that the service can be called with now, oldest first."""
    now = timezone.now()
    return list(service.keys.filter(Q(expires=None) | Q(expires__gt=now), revoked=None))


def address(service: Service) -> str:
    """Where the service is called, without the key."""
    return f"{settings().portal_url}/serving/{service.path}"


def idle_time(service: Service) -> timedelta:
    """How long without a call until the service is paused (guide, 部署在线服务)."""
    if service.stage == Stage.ONLINE:
        return timedelta(days=limit("online_service_idle_days"))
    return timedelta(hours=limit("sandbox_service_idle_hours"))


def pauses_at(service: Service) -> datetime | None:
    """When a running service is paused unless it is called; ``None`` for others."""
    if service.state != State.RUNNING:
        return None
    return max(service.changed, service.last_called or service.changed) + idle_time(service)
