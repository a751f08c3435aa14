"""One task: its facts, its state, what it uses."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lyceum.common.errors import NotFound
from lyceum.projects import workfolder
from lyceum.tasks import folders, logs, queries
from lyceum.tasks.models import Task
from lyceum.tasks.pages.numbers import as_number
from lyceum.tasks.pages.shown import shown

_LISTED = 200


@never_cache
@login_required
@require_safe
def task(request: HttpRequest, task_id: int) -> HttpResponse:
    """All about it, with its log and its charts."""
    found = queries.task_of(request.user, task_id)
    context = {
        **_state(found),
        "project": found.project,
        "members": logs.member_names(found),
        "output": _output(found),
    }
    return render(request, "tasks/task.html", context)


@never_cache
@login_required
@require_safe
def state(request: HttpRequest, task_id: int) -> HttpResponse:
    """Its state, buttons and facts; 204 when they are as in ``?seen=``."""
    found = queries.task_of(request.user, task_id)
    context = _state(found)
    if context["line"].mark == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "tasks/state_changes.html", {**context, "output": _output(found)})


@never_cache
@login_required
@require_safe
def usage(request: HttpRequest, task_id: int) -> JsonResponse:
    """What it used since ``?since=`` (seconds since the epoch), for the charts."""
    found = queries.task_of(request.user, task_id)
    since = as_number(request.GET.get("since", "").partition(".")[0]) or 0
    use = queries.usage_of(found, since=since)
    samples = [
        {"t": each.t, "cpu": each.cpu, "memory": each.memory, "gpu": each.gpu}
        for each in use.samples
    ]
    return JsonResponse({"samples": samples, "active": found.is_active})


def _state(found: Task) -> dict[str, Any]:
    (line,) = shown([found])
    return {"line": line, "task": found, "edit_url": edit_url(found)}


def edit_url(found: Task) -> str:
    """编辑: the editor with the code that the task ran."""
    editor = reverse("editor:editor", args=[found.project_id])
    return f"{editor}?version={found.version.number}"


def _output(found: Task) -> dict[str, Any]:
    """The first files of its output, by path, and whether there are more."""
    files = []
    with suppress(NotFound):  # nothing has been written yet
        for entry in workfolder.walk(folders.output(found.pk)):
            if len(files) == _LISTED:
                return {"files": files, "is_cut": True}
            name = workfolder.shown(entry.path)
            files.append({"name": name, "kind": entry.kind, "size": entry.size})
    return {"files": files, "is_cut": False}
