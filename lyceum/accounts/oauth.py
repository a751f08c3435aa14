"""The hub's login: the portal as OAuth provider for JupyterHub, and nobody else."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from oauth2_provider.decorators import protected_resource
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken

HUB_CLIENT_ID = "lyceum-hub"
SCOPE = "identify"


def ensure_hub_oauth_application() -> None:
    """Register the hub as an OAuth client, or bring its registration up to date.

    Idempotent; called after each migration run, so before the portal answers.
    The hub is our own part, so learners are not asked whether they trust it.
    """
    wanted = {
        "name": "JupyterHub",
        "client_type": Application.CLIENT_CONFIDENTIAL,
        "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
        "redirect_uris": f"{settings.LYCEUM.notebook_url}/hub/oauth_callback",
        "skip_authorization": True,
        "hash_client_secret": False,
        "client_secret": settings.LYCEUM.secrets().oauth_client_secret,
    }
    Application.objects.update_or_create(client_id=HUB_CLIENT_ID, defaults=wanted)


def register_hub(**_signal: Any) -> None:
    """``post_migrate`` receiver: see :func:`ensure_hub_oauth_application`."""
    ensure_hub_oauth_application()


@transaction.atomic
def end_hub_login(user: AbstractBaseUser) -> None:
    """Take back what the hub holds for ``user``; it notices within its refresh age."""
    mine = {"user_id": user.pk, "application__client_id": HUB_CLIENT_ID}
    RefreshToken.objects.filter(**mine).delete()
    AccessToken.objects.filter(**mine).delete()
    Grant.objects.filter(**mine).delete()


def end_hub_login_on_logout(user: AbstractBaseUser | None, **_signal: Any) -> None:
    """``user_logged_out`` receiver: leaving the portal leaves the notebooks too."""
    if user is not None:
        end_hub_login(user)


@protected_resource(scopes=[SCOPE], advertise_metadata=True)
def userinfo(request: HttpRequest) -> HttpResponse:
    """Who holds the token: ``{"username": "<user id>"}``, the hub's name for them.

    401 for a token that is not ours (any more), 403 for a deactivated account.
    """
    user = request.resource_owner
    if not user.is_active:
        return JsonResponse({"error": "inactive"}, status=403)
    return JsonResponse({"username": str(user.pk)})
