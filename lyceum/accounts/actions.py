"""What people change about themselves, and how the first administrator comes in."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import BinaryIO

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts import queries
from lyceum.accounts.models import AccessToken, AdminLoginLink, User
from lyceum.common.errors import DomainError, NotFound
from lyceum.common.images import reencoded
from lyceum.common.text import clean_line

ADMIN_LINK_LIFETIME = timedelta(hours=24)
AVATAR_PIXELS = 256
TOKEN_DAYS = (30, 90, 365)
"""How long an access token may be good for; it may also never expire."""


def choose_language(user: User, *, language: str) -> None:
    """Keep ``language`` (a code of ``settings.LANGUAGES``) for every later visit.

    Raises ``DomainError`` (``unknown_language``) for any other code.
    """
    if language not in dict(settings.LANGUAGES):
        raise DomainError("unknown_language", _("There is no such language."), field="language")
    user.language = language
    user.save(update_fields=["language"])


def update_profile(user: User, *, display_name: str, bio: str) -> None:
    """Change what others read about ``user``; both may be empty.

    Raises ``DomainError`` on ``display_name`` or ``bio`` when one is too long.
    """
    user.display_name = " ".join(display_name.split())
    user.bio = bio.strip()
    _check(user, "display_name", "bio")
    user.save(update_fields=["display_name", "bio"])


def change_avatar(user: User, *, picture: BinaryIO) -> None:
    """Show ``picture``, made anew as a 256 × 256 WebP, as ``user``'s avatar.

    Raises ``DomainError`` on ``avatar`` for what is no picture or too large.
    """
    fresh = reencoded(picture, width=AVATAR_PIXELS, height=AVATAR_PIXELS, field="avatar")
    old = user.avatar.name
    user.avatar.save(fresh.name, fresh, save=False)
    user.save(update_fields=["avatar"])
    _delete_file(user, old)


def remove_avatar(user: User) -> None:
    """Go back to the initial on a colour."""
    old = user.avatar.name
    user.avatar = ""
    user.save(update_fields=["avatar"])
    _delete_file(user, old)


def _delete_file(user: User, name: str) -> None:
    if name:
        user.avatar.storage.delete(name)


def create_admin_login_link() -> str:
    """An absolute address at which the first administrator sets name and password.

    It works once, for 24 hours, and takes every earlier link back. Returns ``""``
    when an administrator has a password already: then nobody needs one.
    """
    if queries.administrator_has_password():
        return ""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        AdminLoginLink.objects.all().delete()
        AdminLoginLink.objects.create(
            token_hash=queries.token_hash(token), expires=timezone.now() + ADMIN_LINK_LIFETIME
        )
    return settings.LYCEUM.portal_url + reverse("accounts:admin_link", args=[token])


@transaction.atomic
def set_up_administrator(token: str, *, username: str, password: str) -> User:
    """Spend the link and return the administrator it made, not yet logged in.

    Raises ``Conflict`` (``link_spent``) for a link that is unknown, used, older
    than 24 hours or no longer needed, and ``DomainError`` on ``username`` or
    ``password`` for ones that may not be had; then the link stays good.
    """
    link = queries.open_admin_link(token, lock=True)
    user = User(username=username, is_staff=True, is_superuser=True)
    _check(user, "username")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError("weak_password", error.messages[0], field="password") from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise DomainError("name_taken", _("This user name is taken."), field="username") from None
    link.used = timezone.now()
    link.save(update_fields=["used"])
    return user


def create_access_token(user: User, *, name: str, days: int | None) -> tuple[AccessToken, str]:
    """A personal access token good for ``days`` (one of ``TOKEN_DAYS``; ``None``: until
    it is revoked), and the token itself, which is never to be had again.

    Raises ``DomainError`` about ``name`` or ``days``.
    """
    name = clean_line(name, field="name", longest=60, required=True)
    if days is not None and days not in TOKEN_DAYS:
        raise DomainError("bad_lifetime", _("Choose how long the token is good."), field="days")
    token = queries.TOKEN_PREFIX + secrets.token_urlsafe(32)
    expires = None if days is None else timezone.now() + timedelta(days=days)
    made = AccessToken.objects.create(
        user=user, name=name, digest=queries.token_hash(token), expires=expires
    )
    return made, token


def revoke_access_token(user: User, token_id: int) -> None:
    """Make a token of ``user``'s worthless at once; ``NotFound`` for any other."""
    removed, _rows = AccessToken.objects.filter(user=user, pk=token_id).delete()
    if not removed:
        raise NotFound("no_such_token", _("There is no such access token."))


def _check(user: User, *fields: str) -> None:
    """Raise ``DomainError`` (``not_valid``) for the first of ``fields`` that is not."""
    try:
        user.clean_fields(exclude={field.name for field in user._meta.fields} - set(fields))
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError("not_valid", messages[0], field=field) from None
