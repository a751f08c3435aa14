"""The REST API under ``/api/v1``: one router an app, one shape for refusals."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from lyceum.accounts.api import router as accounts
from lyceum.accounts.auth import SIGNED_IN
from lyceum.common.errors import DomainError
from lyceum.common.problems import declare_problems, problem_response
from lyceum.datasets.api import router as datasets
from lyceum.notebooks.api import router as notebooks
from lyceum.projects.api import router as projects
from lyceum.serving.api import router as serving
from lyceum.tasks.api import router as tasks


class LyceumAPI(NinjaAPI):
    """Ninja's API whose OpenAPI document says that refusals are problem documents."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        declare_problems(schema)
        return schema


api = LyceumAPI(title="Lyceum", version="1", urls_namespace="api", auth=SIGNED_IN)
api.add_router("", accounts)
api.add_router("", projects)
api.add_router("", datasets)
api.add_router("", notebooks)
api.add_router("", serving)
api.add_router("", tasks)


@api.exception_handler(DomainError)
def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal of an action or query."""
    return problem_response(error.status, error.code, error.message, field=error.field)


@api.exception_handler(ValidationError)
def invalid_request(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A request that does not fit its schema: the first thing that is wrong with it."""
    first = error.errors[0] if error.errors else {"loc": (), "msg": ""}
    field = ".".join(str(part) for part in first["loc"]) or None
    return problem_response(422, "invalid_request", str(first["msg"]), field=field)


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja's own refusals: no login, no CSRF token, a body that is no JSON."""
    if error.status_code == 401:
        return problem_response(401, "login_required", _("Please sign in."))
    return problem_response(error.status_code, "refused", str(error))


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """A body beyond what is read into memory."""
    return problem_response(413, "body_too_large", _("This request is too large."))


@api.exception_handler(MultiPartParserError)
def no_form(request: HttpRequest, error: MultiPartParserError) -> HttpResponse:
    """A body that says it is a form and is none."""
    return problem_response(400, "bad_request", _("This request can't be read."))


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """An address that leads nowhere."""
    return problem_response(404, "not_found", _("There is nothing at this address."))
