"""The key a running notebook has to the portal, good for its own project only."""

from __future__ import annotations

import hashlib

from django.utils.crypto import salted_hmac

from lyceum.accounts.models import User
from lyceum.notebooks.models import NotebookServer

_SALT = "lyceum.notebooks.project-token"
_PREFIX = "lyp_"


def derive(server: NotebookServer) -> str:
    """The token of this attempt to run the project.

    It is derived from the portal's key, so asking twice gives the same one, and
    from the attempt, so each start has a new one. Only its hash is stored.
    """
    value = f"{server.project_id}:{server.attempt}:{server.requested:%Y%m%d%H%M%S%f}"
    return _PREFIX + salted_hmac(_SALT, value, algorithm="sha256").hexdigest()


def digest(token: str) -> str:
    """What is stored of a token: its SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def project_token_user(token: str) -> tuple[User, int] | None:
    """The learner and the project id a token stands for while the project runs."""
    if not token.startswith(_PREFIX):
        return None
    server = (
        NotebookServer.objects.select_related("user")
        .filter(
            token_hash=digest(token),
            state__in=NotebookServer.ACTIVE,
            user__is_active=True,
            project__deleted=None,
        )
        .first()
    )
    return (server.user, server.project_id) if server else None
