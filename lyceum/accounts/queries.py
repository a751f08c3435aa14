"""Reading about people."""

from __future__ import annotations

import hashlib

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import AdminLoginLink, User
from lyceum.common.errors import Conflict, NotFound


def get_person(user_id: int) -> User:
    """The active person ``user_id``; raises ``NotFound`` for anybody else."""
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None:
        raise NotFound("no_such_person", _("There is no such person."))
    return person


def administrator_has_password() -> bool:
    """Whether some active administrator can log in by password."""
    return (
        User.objects.filter(is_superuser=True, is_active=True)
        .exclude(password="")
        .exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        .exists()
    )


def token_hash(token: str) -> str:
    """What the database keeps of a link's ``token``: its SHA-256, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_admin_link(token: str, *, lock: bool = False) -> AdminLoginLink:
    """The link of ``token`` while it can still let somebody in; ``lock`` inside a
    transaction keeps it so until the end.

    Raises ``Conflict`` (``link_spent``) when it is unknown, used, older than its
    lifetime, or an administrator has a password already.
    """
    links = AdminLoginLink.objects.select_for_update() if lock else AdminLoginLink.objects.all()
    link = links.filter(
        token_hash=token_hash(token), used=None, expires__gt=timezone.now()
    ).first()
    if link is None or administrator_has_password():
        raise Conflict(
            "link_spent",
            _("This link was used already or has expired. “lyceum up” prints a fresh one."),
        )
    return link
