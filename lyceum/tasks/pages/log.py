"""A task's log for its viewer: in pieces, as it is written, searched, and as files."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from lyceum.accounts.models import User
from lyceum.common.errors import NotFound
from lyceum.common.streams import download as download_response
from lyceum.tasks import archives, logs, logsearch, logstream, queries
from lyceum.tasks.logs import Log, Source
from lyceum.tasks.models import Task
from lyceum.tasks.pages.numbers import number

_GZIP = "application/gzip"


@never_cache
@login_required
@require_safe
def about(request: HttpRequest, task_id: int) -> JsonResponse:
    """The logs of ``?attempt=`` (the newest one): a node each, and which members wrote."""
    task = queries.task_of(request.user, task_id)
    attempt = _attempt(request, task)
    sources = logs.sources_of(task, attempt)
    nodes = [_node(task, source, is_alone=len(sources) == 1) for source in sources]
    return JsonResponse(
        {
            "attempt": attempt,
            "attempts": task.attempt,
            "nodes": [node for node in nodes if node],
            "active": task.is_active and attempt == task.attempt,
        }
    )


@never_cache
@login_required
@require_safe
def piece(request: HttpRequest, task_id: int) -> JsonResponse:
    """Lines ``?before=``, from ``?from=`` or from about byte ``?at=`` on; of ``?member=``.

    ``{"gone": true}`` when ``?epoch=`` is none of the log's any more.
    """
    task = queries.task_of(request.user, task_id)
    with logs.opened(_source(request, task)) as log:
        told = {"epoch": log.epoch, "size": log.size}
        if request.GET.get("epoch", log.epoch) != log.epoch:
            return JsonResponse({**told, "gone": True})
        return JsonResponse({**told, **asdict(_piece(request, log, has_ended=not task.is_active))})


@never_cache
@login_required
@require_safe
def search(request: HttpRequest, task_id: int) -> JsonResponse:
    """Lines with ``?q=`` from ``?from=`` on: ``{"hits": [[offset, member]], "end"}``."""
    task = queries.task_of(request.user, task_id)
    with logs.opened(_source(request, task)) as log:
        start = log.line_at(number(request.GET, "from"))
        found = logsearch.search(
            log, request.GET.get("q", ""), start=start, member=request.GET.get("member", "")
        )
        hits = [[hit.offset, hit.member] for hit in found.hits]
        return JsonResponse({"epoch": log.epoch, "hits": hits, "end": found.end})


@login_required
@require_GET
async def stream(request: HttpRequest, task_id: int) -> HttpResponse:
    """What is written, as events (:mod:`lyceum.tasks.logstream`), after the event
    ``Last-Event-ID`` or ``?from=``; 204, after which browsers ask no more, when there is
    no such log."""
    user = await request.auser()
    task = await _task(user, task_id)
    given = request.headers.get("Last-Event-ID") or request.GET.get("from", "")
    place = logstream.read_id(given)
    if place is None or not 1 <= place[0] <= task.attempt:
        return HttpResponse(status=204)
    events = logstream.follow(task, *place)
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


@login_required
@require_safe
def download(request: HttpRequest, task_id: int) -> HttpResponse | StreamingHttpResponse:
    """下载日志: a file for each member."""
    task = queries.task_of(request.user, task_id)
    chunks = archives.log_archive(task)
    name = archives.log_name(task.pk)
    return download_response(request, chunks, name=name, content_type=_GZIP)


@login_required
@require_safe
def download_output(request: HttpRequest, task_id: int) -> HttpResponse | StreamingHttpResponse:
    """下载输出: all that the task has left (so far)."""
    task = queries.task_of(request.user, task_id)
    chunks = archives.output_archive(task)
    name = archives.output_name(task.pk)
    return download_response(request, chunks, name=name, content_type=_GZIP)


@sync_to_async
def _task(user: User, task_id: int) -> Task:
    try:
        return queries.task_of(user, task_id)
    finally:
        # The stream must not hold a connection for as long as the task runs.
        connection.close()


def _attempt(request: HttpRequest, task: Task) -> int:
    asked = number(request.GET, "attempt", task.attempt)
    return asked if 1 <= asked <= task.attempt else task.attempt


def _source(request: HttpRequest, task: Task) -> Source:
    sources = logs.sources_of(task, _attempt(request, task))
    node = number(request.GET, "node")
    if node >= len(sources):
        raise NotFound("no_log", _("This log is not there any more."))
    return sources[node]


def _node(task: Task, source: Source, *, is_alone: bool) -> dict[str, Any] | None:
    try:
        with logs.opened(source) as log:
            members = logs.member_names(task) if is_alone else logs.members_in(log)
            end = log.size if not task.is_active else log.line_at(log.size)
            return {
                "node": source.node,
                "name": source.name,
                "epoch": log.epoch,
                "end": end,
                "members": members,
            }
    except NotFound:
        return None


def _piece(request: HttpRequest, log: Log, *, has_ended: bool) -> logs.Piece:
    member = request.GET.get("member", "")
    if "before" in request.GET:
        end = min(number(request.GET, "before"), log.size)
        return logs.before(log, end, member=member)
    asked = number(request.GET, "at" if "at" in request.GET else "from")
    return logs.after(log, log.line_at(asked), member=member, unfinished=has_ended)
