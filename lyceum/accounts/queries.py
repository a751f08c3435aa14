"""Reading about people."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import AccessToken, AdminLoginLink, User
from lyceum.common.errors import Conflict, NotFound

TOKEN_PREFIX = "lyt_"  # noqa: S105  by which a leaked token is recognised
_USE_NOTED_EVERY = timedelta(minutes=1)


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
    """What the database keeps of a link's or a program's ``token``: its SHA-256, in hex.

    Looking a digest up tells a guesser nothing by its duration, and both are too long
    to be guessed, so that they need no slow hash.
    """
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


def access_tokens(user: User) -> QuerySet[AccessToken]:
    """``user``'s personal access tokens, newest first, the expired ones too."""
    return AccessToken.objects.filter(user=user).order_by("-pk")


def user_of_token(token: str) -> User | None:
    """Whom a personal access token stands for; ``None`` when it is unknown, expired or
    revoked, or its user deactivated.

    The one query that writes: it notes that the token was used.
    """
    if not token.startswith(TOKEN_PREFIX):
        return None
    now = timezone.now()
    found = (
        AccessToken.objects.select_related("user")
        .filter(Q(expires=None) | Q(expires__gt=now), digest=token_hash(token))
        .filter(user__is_active=True)
        .first()
    )
    if found is None:
        return None
    if found.last_used is None or now - found.last_used >= _USE_NOTED_EVERY:
        AccessToken.objects.filter(pk=found.pk).update(last_used=now)
    return found.user
