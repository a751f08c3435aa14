"""Middleware: the notebooks' origin, the language, and refusals as pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import redirect, render
from django.utils import translation

from lyceum.common.errors import DomainError

Handler = Callable[[HttpRequest], HttpResponse]

USER_CONTENT = "/content/"
INTERNAL = "/internal/"


def origin_guard(get_response: Handler) -> Handler:
    """Keep the portal and content from users on two origins (DESIGN.md §4).

    On the notebooks' host only ``/content/`` answers; on the portal's host it
    never does.
    """
    notebook_host = settings.LYCEUM.notebook_host

    def guard(request: HttpRequest) -> HttpResponse:
        on_notebook_host = request.get_host().rsplit(":", 1)[0] == notebook_host
        is_content = request.path.startswith(USER_CONTENT)
        if on_notebook_host and not is_content:
            return redirect(settings.LYCEUM.portal_url + request.get_full_path())
        if is_content and not on_notebook_host:
            return redirect(settings.LYCEUM.notebook_url + request.get_full_path())
        return get_response(request)

    return guard


class LanguageMiddleware(LocaleMiddleware):
    """The cookie's language, else the browser's, else Chinese."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.LANGUAGE_CODE = translation.get_language()


def domain_errors(get_response: Handler) -> Handler:
    """Render a refusal that reached a page as a page (the API has its own)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        return render(request, "portal/refusal.html", {"error": error}, status=error.status)

    middleware.process_exception = process_exception
    return middleware
