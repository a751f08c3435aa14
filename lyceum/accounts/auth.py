"""How programs prove to the REST API who they are: personal access tokens."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import HttpBearer, django_auth

from lyceum.accounts.models import User
from lyceum.accounts.queries import TOKEN_PREFIX, user_of_token
from lyceum.common.errors import DomainError


class BadToken(DomainError):
    """A personal access token that is not good (any more)."""

    status = 401


class TokenAuth(HttpBearer):
    """``Authorization: Bearer lyt_…``: a personal access token.

    Sets ``request.user`` and gives the user as ``request.auth``, like a session does.
    List it before ``django_auth``, whose CSRF check would otherwise refuse first.
    Raises ``BadToken`` for one that is not good, so that a program whose token has
    expired is not taken for a visitor.
    """

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        if not token.startswith(TOKEN_PREFIX):
            return None
        user = user_of_token(token)
        if user is None:
            sentence = _("This access token is unknown, has expired or was revoked.")
            raise BadToken("bad_token", sentence)
        request.user = user
        return user


def anyone(request: HttpRequest) -> str:
    """For routes that ask for no login: queries show each reader what they may see."""
    return "anyone"


SIGNED_IN = [TokenAuth(), django_auth]
"""For routes that only the signed-in, or their programs, may ask."""

ANYONE = [*SIGNED_IN, anyone]
"""For routes that show visitors something too."""
