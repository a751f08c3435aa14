"""What a service has done: its log, its calls as charts, its last errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lyceum.common.errors import Unavailable
from lyceum.common.streams import download as download_response
from lyceum.engine.base import Status
from lyceum.serving import queries
from lyceum.serving.models import Service
from lyceum.serving.pages.access import service_context, service_of
from lyceum.serving.workloads import engine_of, runs_of

_FIRST_BYTES = 128 * 1024
"""So much of a log's end is shown at first; the rest is in the download."""
_MORE_BYTES = 256 * 1024
_CHUNK = 256 * 1024
_RANGES = (60, 360, 1440)
_LARGEST = 2**53


@never_cache
@login_required
@require_safe
def logs(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """The log of the newest replica, or of ``?run=``; it goes on while that runs."""
    service = service_of(request, project_id, service_id)
    runs = runs_of(service.pk)
    run = _chosen(request, runs)
    shown: dict[str, Any] = {**service_context(service, "logs"), "runs": _shown(runs), "run": run}
    if run is not None:
        size = _size(run)
        start = max(0, size - _FIRST_BYTES)
        text, end = _read(run, start, _FIRST_BYTES)
        shown |= {"text": text, "offset": end, "is_cut": start > 0}
    return render(request, "serving/logs.html", shown)


@never_cache
@login_required
@require_safe
def more_log(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """What was written after byte ``?from=``, and the place that asks for what comes next."""
    service = service_of(request, project_id, service_id)
    run = _chosen(request, runs_of(service.pk))
    shown: dict[str, Any] = {"service": service, "run": run, "text": "", "offset": 0}
    if run is not None:
        start = _number(request, "from")
        if start > _size(run):
            start = 0  # the log has begun anew: its older half is in another file
        text, end = _read(run, start, _MORE_BYTES)
        shown |= {"text": text, "offset": end}
    return render(request, "serving/log_part.html", shown)


@login_required
@require_safe
def download_log(
    request: HttpRequest, project_id: int, service_id: int
) -> StreamingHttpResponse | HttpResponse:
    """All that is kept of the log, as a file."""
    service = service_of(request, project_id, service_id)
    run = _chosen(request, runs_of(service.pk))
    paths = _paths(run) if run else []
    name = f"{service.public_id}-{run.run_id if run else 'none'}.log"
    return download_response(request, _chunks(paths), name=name, content_type="text/plain")


@never_cache
@login_required
@require_safe
def metrics(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """Calls, times and errors a minute; HTMX asks for the numbers alone again."""
    service = service_of(request, project_id, service_id)
    asked = _number(request, "minutes")
    minutes = asked if asked in _RANGES else _RANGES[0]
    shown = {
        **service_context(service, "metrics"),
        "minutes": minutes,
        "ranges": [(each, each // 60) for each in _RANGES],
        **_numbers(request, service, minutes),
    }
    template = "serving/numbers.html" if request.htmx else "serving/metrics.html"
    return render(request, template, shown)


@never_cache
@login_required
@require_safe
def errors(request: HttpRequest, project_id: int, service_id: int) -> HttpResponse:
    """The last calls that failed, with what was sent and where the converter stopped."""
    service = service_of(request, project_id, service_id)
    shown = service_context(service, "errors")
    try:
        shown["failures"] = [
            {
                **asdict(each),
                "when": datetime.fromtimestamp(each.at, UTC),
            }
            for each in queries.errors_of(request.user, service.pk)
        ]
    except Unavailable:
        shown["is_away"] = True
    return render(request, "serving/errors.html", shown)


def _numbers(request: HttpRequest, service: Service, minutes: int) -> dict[str, Any]:
    try:
        points = queries.metrics_of(request.user, service.pk, minutes=minutes)
    except Unavailable:
        return {"is_away": True}
    calls = sum(point.calls for point in points)
    failed = sum(point.errors for point in points)
    return {
        "points": json.dumps([asdict(point) for point in points]),
        "calls": calls,
        "rate": 100 * failed / calls if calls else None,
        "failed": failed,
        "p50": _typical([(point.p50, point.calls) for point in points]),
        "p99": max((point.p99 for point in points if point.p99 is not None), default=None),
    }


def _typical(times: list[tuple[float | None, int]]) -> float | None:
    """The median minute's time, minutes counting as often as they had calls."""
    known = sorted((time, calls) for time, calls in times if time is not None)
    half = sum(calls for _time, calls in known) / 2
    for time, calls in known:
        half -= calls
        if half <= 0:
            return time
    return None


def _chosen(request: HttpRequest, runs: list[Status]) -> Status | None:
    """The run that ``?run=`` names, if it is one of the service's, else the newest."""
    asked = request.GET.get("run", "")
    newest = runs[0] if runs else None
    return next((run for run in runs if run.run_id == asked), newest)


def _shown(runs: list[Status]) -> list[dict[str, Any]]:
    return [
        {
            "id": run.run_id,
            "alive": run.alive,
            "started": datetime.fromtimestamp(run.started, UTC) if run.started else None,
        }
        for run in runs
    ]


def _size(run: Status) -> int:
    try:
        return engine_of(run.run_id).log_path(run.run_id).stat().st_size
    except (KeyError, OSError):
        return 0


def _read(run: Status, start: int, most: int) -> tuple[str, int]:
    """The log from byte ``start``, and the byte after what was read; a letter that is not
    complete yet waits for the next time."""
    try:
        with engine_of(run.run_id).log_path(run.run_id).open("rb") as file:
            file.seek(start)
            data = file.read(most)
    except (KeyError, OSError):
        return "", start
    whole = data[: len(data) - _cut_letter(data)]
    return whole.decode(errors="replace"), start + len(whole)


def _cut_letter(data: bytes) -> int:
    """How many bytes at the end are the beginning of a UTF-8 letter."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if length > back else 0
        if byte < 0x80:
            return 0
    return 0


def _paths(run: Status) -> list[Path]:
    try:
        nodes = engine_of(run.run_id).logs(run.run_id)
        return [path for _name, files in nodes for path in files]
    except KeyError:
        return []


def _chunks(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        try:
            with path.open("rb") as file:
                while piece := file.read(_CHUNK):
                    yield piece
        except OSError:
            continue


def _number(request: HttpRequest, name: str) -> int:
    value = request.GET.get(name, "")
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < 17 else 0
    return min(number, _LARGEST)
