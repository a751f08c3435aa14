"""Waking, pausing, stopping, changing and deleting services; the dispatcher carries it out."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError
from lyceum.limits import limit
from lyceum.serving.actions._fields import clean_name
from lyceum.serving.actions._locks import lock_project, lock_service
from lyceum.serving.models import Service
from lyceum.serving.queries import owned_service

State, Reason = Service.State, Service.Reason


def wake(user: User, service_id: int) -> Service:
    """Let a paused, stopped or failed service run (again); others are left alone.

    Raises ``NotFound``.
    """
    owned_service(user, service_id)
    with transaction.atomic():
        service = lock_service(service_id)
        if not service.is_serving:
            _set_state(service, State.DEPLOYING, "")
    return service


def pause(user: User, service_id: int) -> Service:
    """Let a service use nothing until it is woken; raises ``NotFound``."""
    return _end(user, service_id, State.PAUSED)


def stop(user: User, service_id: int) -> Service:
    """Let a service run no more, not even for a call that could wake it, until its owner
    wakes it; raises ``NotFound``."""
    return _end(user, service_id, State.STOPPED)


def delete_service(user: User, service_id: int) -> None:
    """Take a service away for good; its address answers no more. Raises ``NotFound``."""
    service = owned_service(user, service_id)
    with transaction.atomic():
        lock_project(service.project_id)
        service = lock_service(service_id)
        service.deleted = timezone.now()
        _set_state(service, State.STOPPED, Reason.ASKED)


def stop_services(project_id: int) -> None:
    """Let no service of a project run: it is on its way into the trash."""
    with transaction.atomic():
        rows = Service.objects.select_for_update().filter(project_id=project_id, deleted=None)
        for service in rows.filter(state__in=(*Service.SERVING, State.PAUSED)):
            _set_state(service, State.STOPPED, Reason.DELETED)


def edit_service(
    user: User,
    service_id: int,
    *,
    name: str | None = None,
    wake_on_call: bool | None = None,
    redact_errors: bool | None = None,
    replicas_min: int | None = None,
    replicas_max: int | None = None,
) -> Service:
    """Change what is given, leave the rest.

    Raises ``NotFound`` and ``DomainError`` about the name or the numbers of replicas.
    """
    owned_service(user, service_id)
    if name is not None:
        name = clean_name(name, required=True)
    with transaction.atomic():
        service = lock_service(service_id)
        given = {
            "name": name,
            "wake_on_call": wake_on_call,
            "redact_errors": redact_errors,
            "replicas_min": replicas_min,
            "replicas_max": replicas_max,
        }
        changed = {field: value for field, value in given.items() if value is not None}
        for field, value in changed.items():
            setattr(service, field, value)
        _check_replicas(service)
        service.save(update_fields=changed)
    return service


def _end(user: User, service_id: int, state: str) -> Service:
    owned_service(user, service_id)
    with transaction.atomic():
        service = lock_service(service_id)
        if service.state != state:
            _set_state(service, state, Reason.ASKED)
    return service


def _set_state(service: Service, state: str, reason: str) -> None:
    service.state, service.reason, service.detail = state, reason, ""
    service.active_revision = None
    service.changed = timezone.now()
    service.save()


def _check_replicas(service: Service) -> None:
    most = limit("serving_replicas_max")
    for field in ("replicas_min", "replicas_max"):
        if not 1 <= getattr(service, field) <= most:
            sentence = _("Between 1 and %(most)d replicas, please.") % {"most": most}
            raise DomainError("replicas", sentence, field=field)
    if service.replicas_min > service.replicas_max:
        sentence = _("The most replicas are fewer than the least.")
        raise DomainError("replicas_order", sentence, field="replicas_max")
