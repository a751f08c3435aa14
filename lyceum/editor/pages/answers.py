"""JSON questions of the editor's page: read, asked, answered; refusals as problems."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from lyceum.common.errors import DomainError
from lyceum.common.problems import problem_response
from lyceum.editor.actions import Draft

SESSION_HEADER = "X-Editor-Session"

Answer = Callable[..., dict[str, Any]]


class BadRequest(DomainError):
    """What was sent is not what the page sends."""

    def __init__(self) -> None:
        super().__init__("bad_request", _("This is not what the editor sends."))


def reads(view: Answer) -> Callable[..., HttpResponse]:
    """``view(request, …)`` answers GET with what it returns, as JSON."""
    return never_cache(require_safe(_answering(view)))


def writes(view: Answer) -> Callable[..., HttpResponse]:
    """``view(request, body, …)`` answers POST; ``body`` is the JSON object that was sent."""

    @wraps(view)
    def with_body(request: HttpRequest, *arguments: Any, **named: Any) -> dict[str, Any]:
        return view(request, _body(request), *arguments, **named)

    return never_cache(require_POST(_answering(with_body)))


def posts(view: Answer) -> Callable[..., HttpResponse]:
    """``view(request, …)`` answers POST of bytes, which it reads itself."""
    return never_cache(require_POST(_answering(view)))


def token_of(request: HttpRequest) -> str:
    """The session of the tab that asks."""
    return request.headers.get(SESSION_HEADER, "")


def line(body: dict[str, Any], name: str, default: str | None = None) -> str:
    """A string of ``body``; ``BadRequest`` when it is none, or no text."""
    value = body.get(name, default)
    if not isinstance(value, str) or "\0" in value or not _is_text(value):
        raise BadRequest
    return value


def number(body: dict[str, Any], name: str, default: int | None = None) -> int | None:
    """A whole number of ``body``; ``default`` when it is not given."""
    value = body.get(name, default)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise BadRequest
    return value


def drafts(body: dict[str, Any], name: str) -> list[Draft]:
    """Texts of files, as ``{"path", "text", "base"}`` each."""
    given = body.get(name, [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise BadRequest
    found = []
    for each in given:
        if not isinstance(each.get("text"), str):
            raise BadRequest
        found.append(Draft(line(each, "path"), each["text"], line(each, "base", "")))
    return found


def lines(body: dict[str, Any], name: str) -> list[str]:
    """A list of strings."""
    given = body.get(name, [])
    if not isinstance(given, list):
        raise BadRequest
    return [line({"value": each}, "value") for each in given]


def _answering(view: Answer) -> Callable[..., HttpResponse]:
    @wraps(view)
    def answer(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            sentence = _("You were signed out. Sign in in another tab, then go on here.")
            return problem_response(401, "signed_out", sentence)
        try:
            return JsonResponse(view(request, *arguments, **named))
        except DomainError as refusal:
            return problem_response(
                refusal.status, refusal.code, refusal.message, field=refusal.field
            )

    return answer


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except RequestDataTooBig:
        sentence = _("This is too much at once.")
        raise DomainError("too_large", sentence) from None
    except ValueError:
        raise BadRequest from None
    if not isinstance(body, dict):
        raise BadRequest
    return body


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
