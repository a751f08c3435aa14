"""What the hub's spawner asks the portal; not for learners."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lyceum.common.errors import DomainError, Forbidden, NotFound
from lyceum.config import settings
from lyceum.engine import codec
from lyceum.notebooks.workloads import notebook_workload


@require_GET
def workload(request: HttpRequest) -> HttpResponse:
    """``?user=<id>&project=<id>``: the sandbox to start, as ``engine.codec`` has it.

    Refusals are ``{"code", "message"}`` with 401, 403 or 404.
    """
    try:
        _check_caller(request)
        found = notebook_workload(_number(request, "user"), _number(request, "project"))
    except DomainError as refusal:
        body = {"code": refusal.code, "message": refusal.message}
        return JsonResponse(body, status=refusal.status)
    return HttpResponse(codec.to_json(found), content_type="application/json")


class _Unauthorized(Forbidden):
    status = 401


def _check_caller(request: HttpRequest) -> None:
    expected = f"Bearer {settings().secrets().internal_token}"
    if not constant_time_compare(request.headers.get("Authorization", ""), expected):
        raise _Unauthorized("not_internal", _("Only the platform's own parts may ask this."))


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound("no_such_notebook", _("There is no such project."))
    return int(text)
