"""What the gateway knows of a service: its calls, their times, the last errors."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Unavailable
from lyceum.gateway import client
from lyceum.gateway.client import Answer, Failure, GatewayUnreachable, Minute
from lyceum.serving.queries.access import owned_service


def call_service(user: User, service_id: int, body: bytes | str) -> Answer:
    """Call a service of ``user``'s without a key; ``body`` is JSON as a caller sends it.

    What is wrong with the request, and what the converter raised, is in the answer. Raises
    ``NotFound`` and ``Unavailable`` (the gateway is away, or does not know the service yet).
    """
    service = owned_service(user, service_id)
    try:
        return client.call(service.pk, body, language=get_language() or "en")
    except GatewayUnreachable as error:
        raise _away() from error


def metrics_of(user: User, service_id: int, *, minutes: int = 60) -> list[Minute]:
    """The last ``minutes`` minutes of a service, oldest first, one value a minute.

    Raises ``NotFound`` and ``Unavailable``.
    """
    service = owned_service(user, service_id)
    try:
        return client.metrics(service.pk, minutes)
    except GatewayUnreachable as error:
        raise _away() from error


def errors_of(user: User, service_id: int) -> list[Failure]:
    """The last failed calls of a service, newest first, at most 100.

    Raises ``NotFound`` and ``Unavailable``.
    """
    service = owned_service(user, service_id)
    try:
        return client.errors(service.pk, language=get_language() or "en")
    except GatewayUnreachable as error:
        raise _away() from error


def _away() -> Unavailable:
    sentence = _("The gateway of the prediction services does not answer. Try again in a moment.")
    return Unavailable("gateway_away", sentence)
