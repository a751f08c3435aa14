"""How a running notebook proves to the REST API which project it is."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from lyceum.accounts.models import User
from lyceum.notebooks.tokens import project_token_user


class ProjectTokenAuth(HttpBearer):
    """``Authorization: Bearer <project token>``, on routes with ``project_id`` only.

    The token's project must be the one in the route: a notebook acts as its
    learner, but on its own project and nothing else. Sets ``request.user`` and
    gives the learner as ``request.auth``, like a session does. List it before
    ``django_auth``, whose CSRF check would otherwise refuse first:
    ``auth=[ProjectTokenAuth(), django_auth]``.
    """

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        known = project_token_user(token)
        route = request.resolver_match.kwargs if request.resolver_match else {}
        if known is None or str(route.get("project_id")) != str(known[1]):
            return None
        request.user = known[0]
        return known[0]
