"""What the tus server asks the portal (docs/adr/0004); not for learners.

It forwards the client's own ``Cookie`` or ``Authorization``, so the answer is about
that client, and proves itself by ``X-Lyceum-Internal``. Refusals are JSON ``{"code",
"message", "field"}`` with their status, which the client gets as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import validate_host
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError, Forbidden
from lyceum.config import settings
from lyceum.datasets import actions
from lyceum.datasets.actions import WantedUpload

_BEARER = "Bearer "


class _Unauthorized(Forbidden):
    status = 401


def _for_tus_server(view: Callable[..., dict[str, Any] | None]) -> Callable[..., HttpResponse]:
    @csrf_exempt  # the internal key below is what a forged request lacks
    @require_POST
    @wraps(view)
    def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            _check_caller(request)
            told = view(request, _client(request), **kwargs)
        except DomainError as refusal:
            return JsonResponse(_problem(refusal), status=refusal.status)
        return HttpResponse(status=204) if told is None else JsonResponse(told)

    return answer


def _problem(refusal: DomainError) -> dict[str, str | None]:
    return {"code": refusal.code, "message": refusal.message, "field": refusal.field}


@_for_tus_server
def begin(request: HttpRequest, user: User) -> dict[str, Any]:
    """``{"uploads": [{"id", "draft", "path", "size"}]}``: may these begin.

    The answer, ``{"refusals": {id: refusal}}``, has each that may not, with its ``status``.
    """
    try:
        wanted = [
            WantedUpload(str(each["id"]), str(each["draft"]), str(each["path"]), int(each["size"]))
            for each in json.loads(request.body)["uploads"]
        ]
    except (ValueError, TypeError, KeyError):
        sentence = _("An upload says which draft and path it is for, and its size.")
        raise DomainError("bad_upload", sentence) from None
    refusals = actions.begin_uploads(user, wanted)
    return {
        "refusals": {
            upload: {"status": refusal.status, **_problem(refusal)}
            for upload, refusal in refusals.items()
        }
    }


@_for_tus_server
def access(request: HttpRequest, user: User, upload_id: str) -> None:
    """May this client go on with the upload."""
    actions.allow_upload(user, upload_id)


@_for_tus_server
def end(request: HttpRequest, user: User, upload_id: str) -> None:
    """The client has given the upload up."""
    actions.end_upload(user, upload_id)


def _check_caller(request: HttpRequest) -> None:
    given = request.headers.get("X-Lyceum-Internal", "")
    if not constant_time_compare(given, settings().secrets().internal_token):
        raise _Unauthorized("not_internal", _("Only the platform's own parts may ask this."))
    # A page of another origin, a notebook's too, must not upload with a learner's cookie.
    origin = request.headers.get("Origin")
    if origin and not _is_portal(urlsplit(origin).hostname or ""):
        raise Forbidden("other_origin", _("Upload from the platform's own pages."))


def _is_portal(host: str) -> bool:
    is_notebooks = host == settings().notebook_host
    return not is_notebooks and validate_host(host, django_settings.ALLOWED_HOSTS)


def _client(request: HttpRequest) -> User:
    bearer = request.headers.get("Authorization", "")
    if bearer.startswith(_BEARER):
        from lyceum.accounts.queries import user_of_token

        user = user_of_token(bearer.removeprefix(_BEARER))
    else:
        user = request.user if request.user.is_authenticated else None
    if user is None:
        raise _Unauthorized("login_required", _("Please sign in."))
    return user
