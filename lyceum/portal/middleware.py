"""Middleware: the notebooks' origin, the language, and refusals as pages."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import redirect, render, resolve_url
from django.utils import translation
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from lyceum.common.errors import DomainError

Handler = Callable[[HttpRequest], HttpResponse]

USER_CONTENT = "/content/"
INTERNAL = "/internal/"
TOAST = "lyceum:toast"
TEXT = "text/plain; charset=utf-8"


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
    """A signed-in learner's own choice, else the cookie's, the browser's, Chinese."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        chosen = getattr(request.user, "language", "")
        if chosen:
            translation.activate(chosen)
        request.LANGUAGE_CODE = translation.get_language()


def htmx_answers(get_response: Handler) -> Handler:
    """Make answers to HTMX requests do what a whole page would have done.

    Pending messages become ``lyceum:toast`` events; a redirect to the login
    page takes the whole window there, and back to where the learner was.
    """
    login_path = resolve_url(settings.LOGIN_URL)

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.htmx:
            return response
        if response.status_code in (301, 302):
            if urlsplit(response["Location"]).path != login_path:
                return response
            here = request.htmx.current_url_abs_path or "/"
            return HttpResponseClientRedirect(f"{login_path}?{urlencode({'next': here})}")
        if "HX-Redirect" in response:
            return response  # the messages wait for the page it leads to
        toasts = [
            {"text": str(message), "level": message.level_tag} for message in get_messages(request)
        ]
        if toasts:
            trigger_client_event(response, TOAST, {"value": toasts})
        return response

    return middleware


def domain_errors(get_response: Handler) -> Handler:
    """Render a refusal that reached a page as a page, or as a toast for HTMX (the
    API has its own shape).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        if request.htmx:
            response = HttpResponse(error.message, status=error.status, content_type=TEXT)
            toast = {"text": error.message, "level": "error"}
            return trigger_client_event(response, TOAST, {"value": [toast]})
        return render(request, "portal/refusal.html", {"error": error}, status=error.status)

    middleware.process_exception = process_exception
    return middleware
