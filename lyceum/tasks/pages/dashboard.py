"""VisualDL of chosen tasks: asked for on the portal, shown at the notebooks' origin."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from lyceum.common.errors import DomainError
from lyceum.tasks import dashboards, queries
from lyceum.tasks.dashboards import Dashboard
from lyceum.tasks.pages.numbers import numbers

_SECONDS = 60.0
_STARTING_SECONDS = 120.0
_KEPT = ("content-type", "content-encoding", "content-length", "cache-control", "etag")
_PASSED = ("accept", "accept-encoding", "accept-language", "content-type")
_LARGEST_BODY = 1024 * 1024
# VisualDL's page is a script with styles of its own; what it asks for is all below itself.
_POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@login_required
@require_POST
def visualdl(request: HttpRequest, project_id: int) -> HttpResponse:
    """Lead to VisualDL over the outputs of ``task``, each one of the project's."""
    project = queries.cluster_project(request.user, project_id)
    chosen = numbers(request.POST, "task", dashboards.MOST_TASKS + 1)
    for task_id in chosen:
        queries.task_of(request.user, task_id, project_id=project.pk)
    return redirect(dashboards.open_dashboard(request.user, chosen))


@csrf_exempt  # the portal's cookies are not here, and VisualDL changes nothing
@require_http_methods(["GET", "HEAD", "POST"])
async def dashboard(request: HttpRequest, token: str, path: str = "") -> HttpResponseBase:
    """What its VisualDL answers; while that starts, a page that asks again by itself."""
    response = await _answer(request, token, path)
    response["Content-Security-Policy"] = _POLICY
    response["Referrer-Policy"] = "no-referrer"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _answer(request: HttpRequest, token: str, path: str) -> HttpResponseBase:
    try:
        found, place = await _find(token)
    except DomainError as refusal:
        return _page(request, refusal.status, sentence=refusal.message)
    if place is None:
        return _page(request, 404)
    try:
        return await _pass_on(request, place, dashboards.path_of(found.token) + path)
    except httpx.TransportError:
        # The sandbox's port is open before VisualDL is, which then cuts what comes early.
        if time.time() - found.started < _STARTING_SECONDS:
            return _page(request, 503, is_starting=True)
        return HttpResponse(status=502)


def _page(request: HttpRequest, status: int, **shown: object) -> HttpResponse:
    return render(request, "tasks/dashboard.html", shown, status=status)


@sync_to_async(thread_sensitive=False)
def _find(token: str) -> tuple[Dashboard, str | None]:
    found = dashboards.by_token(token)
    dashboards.look(found)
    return found, dashboards.upstream(found)


async def _pass_on(request: HttpRequest, place: str, path: str) -> StreamingHttpResponse:
    client = httpx.AsyncClient(timeout=_SECONDS, trust_env=False)
    try:
        answer = await client.send(
            client.build_request(
                request.method or "GET",
                httpx.URL(f"http://{place}", raw_path=_raw(request, path)),
                headers=_headers(request),
                content=request.read(_LARGEST_BODY) or None,
            ),
            stream=True,
        )
    except BaseException:
        await client.aclose()
        raise
    response = StreamingHttpResponse(_body(client, answer), status=answer.status_code)
    for name in _KEPT:
        if name in answer.headers:
            response[name] = answer.headers[name]
    location = answer.headers.get("location", "")
    if location.startswith("/") and not location.startswith("//"):  # "//" leads elsewhere
        response["Location"] = location
    return response


def _headers(request: HttpRequest) -> dict[str, str]:
    return {name: request.headers[name] for name in _PASSED if name in request.headers}


def _raw(request: HttpRequest, path: str) -> bytes:
    query = request.META.get("QUERY_STRING", "")
    quoted = httpx.URL(path=path).raw_path
    return quoted + (b"?" + query.encode("latin-1") if query else b"")


async def _body(client: httpx.AsyncClient, answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        # Also when the reader has gone away, which cancels what would wait here.
        await asyncio.shield(_close(client, answer))


async def _close(client: httpx.AsyncClient, answer: httpx.Response) -> None:
    await answer.aclose()
    await client.aclose()
