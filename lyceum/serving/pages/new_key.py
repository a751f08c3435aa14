"""A key's one showing: it travels in a cookie that the service's page takes away.

The platform keeps only its digest, so that the plain key is in the browser alone, for
the minutes between making it and seeing it.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from lyceum.common.dialogs import leave_for
from lyceum.serving.models import Service

_COOKIE = "lyceum_new_key"
_SECONDS = 600


def show_key(request: HttpRequest, service: Service, key: str) -> HttpResponse:
    """Go to the service's page, which shows ``key`` once; empty for none."""
    address = _address(service)
    response = leave_for(request, address)
    if key:
        response.set_signed_cookie(
            _COOKIE,
            key,
            max_age=_SECONDS,
            path=address,
            httponly=True,
            samesite="Strict",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def taken_key(request: HttpRequest) -> str:
    """The key to show now, or empty; :func:`forget_key` ends its showing."""
    return request.get_signed_cookie(_COOKIE, default="", max_age=_SECONDS) or ""


def forget_key(response: HttpResponse, service: Service) -> None:
    """Take the key out of the browser."""
    response.delete_cookie(_COOKIE, path=_address(service), samesite="Strict")


def _address(service: Service) -> str:
    return reverse("serving:service", args=[service.project_id, service.pk])
