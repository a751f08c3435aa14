"""Keys that a service is called with; each is shown once and kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError
from lyceum.common.text import clean_line
from lyceum.limits import limit
from lyceum.serving.actions._locks import lock_service
from lyceum.serving.models import ApiKey, Service
from lyceum.serving.queries import key_of, owned_service

_PREFIX = "lys_"
_SHOWN = len(_PREFIX) + 6
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its plain text, which nobody can find out again."""

    key: ApiKey
    plain: str


def first_key(service: Service) -> NewKey:
    """The key that a new service begins with."""
    return _make(service, _("First key"), limit("serving_key_rate_per_minute"))


def create_key(
    user: User, service_id: int, *, name: str, rate_per_minute: int | None = None
) -> NewKey:
    """Another key for a service of ``user``'s; ``rate_per_minute`` is the most by default.

    Raises ``NotFound``, ``DomainError`` about the name or the rate, ``Conflict`` with as
    many keys as a service may have (code ``key_limit``).
    """
    owned_service(user, service_id)
    name = clean_line(name, field="name", longest=_LONGEST_NAME, required=True)
    rate = _clean_rate(rate_per_minute)
    with transaction.atomic():
        service = lock_service(service_id)
        most = limit("serving_keys")
        if service.keys.filter(revoked=None, expires=None).count() >= most:
            sentence = _("A service has at most %(count)d keys. Revoke one of them.")
            raise Conflict("key_limit", sentence % {"count": most})
        return _make(service, name, rate)


def rotate_key(user: User, service_id: int, key_id: int) -> NewKey:
    """A new key in the place of another, which works on for ``serving_key_overlap_hours``.

    Raises ``NotFound``, and ``Conflict`` when that key is expiring already.
    """
    owned_service(user, service_id)
    with transaction.atomic():
        service = lock_service(service_id)
        old = key_of(service, key_id)
        if old.expires is not None:
            sentence = _("This key has been replaced already.")
            raise Conflict("key_expires", sentence)
        old.expires = timezone.now() + timedelta(hours=limit("serving_key_overlap_hours"))
        old.save(update_fields=["expires"])
        return _make(service, old.name, old.rate_per_minute)


def edit_key(user: User, service_id: int, key_id: int, *, rate_per_minute: int) -> ApiKey:
    """Give a key another rate; raises ``NotFound``, and ``DomainError`` about the rate."""
    owned_service(user, service_id)
    rate = _clean_rate(rate_per_minute)
    with transaction.atomic():
        key = key_of(lock_service(service_id), key_id)
        key.rate_per_minute = rate
        key.save(update_fields=["rate_per_minute"])
    return key


def revoke_key(user: User, service_id: int, key_id: int) -> ApiKey:
    """Make a key worthless at once; raises ``NotFound``."""
    owned_service(user, service_id)
    with transaction.atomic():
        key = key_of(lock_service(service_id), key_id)
        key.revoked = timezone.now()
        key.save(update_fields=["revoked"])
    return key


def _make(service: Service, name: str, rate: int) -> NewKey:
    plain = _PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        service=service,
        name=name[:_LONGEST_NAME],
        prefix=plain[:_SHOWN],
        digest=hashlib.sha256(plain.encode()).hexdigest(),
        rate_per_minute=rate,
    )
    return NewKey(key, plain)


def _clean_rate(rate: int | None) -> int:
    most = limit("serving_key_rate_per_minute")
    if rate is None:
        return most
    if not 1 <= rate <= most:
        sentence = _("Between 1 and %(most)d calls a minute, please.") % {"most": most}
        raise DomainError("rate", sentence, field="rate_per_minute")
    return rate
