"""历史任务: a project's tasks, their states as they change (guide, 集群项目)."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from lyceum.projects.models import Project
from lyceum.tasks import dashboards, queries
from lyceum.tasks.models import Task
from lyceum.tasks.pages.numbers import number, numbers
from lyceum.tasks.pages.shown import ShownTask, shown

_MOST_FOLLOWED = 100
_MOST_NEW = 10


@never_cache
@login_required
@require_safe
@vary_on_headers("HX-Request")
def history(request: HttpRequest, project_id: int) -> HttpResponse:
    """The newest tasks; with ``?cursor=`` those after them."""
    project = queries.cluster_project(request.user, project_id)
    cursor = request.GET.get("cursor")
    page = queries.tasks_page(project, cursor=cursor)
    lines = shown(page.items)
    context = {
        "project": project,
        "lines": lines,
        "next": page.next,
        "most_together": dashboards.MOST_TASKS,
    }
    if request.htmx and cursor:
        return render(request, "tasks/history_more.html", context)
    newest = page.items[0].pk if page.items else 0
    return render(request, "tasks/history.html", {**context, **_followed(lines, newest)})


@never_cache
@login_required
@require_safe
def live(request: HttpRequest, project_id: int) -> HttpResponse:
    """What has changed of the tasks ``?ids=`` since ``?seen=``, and tasks newer than
    ``?newest=``; 204 when there is nothing to tell."""
    project = queries.cluster_project(request.user, project_id)
    wanted = numbers(request.GET, "ids", _MOST_FOLLOWED)
    newest = number(request.GET, "newest")
    changed, fresh = _lines(project, wanted, newest)
    lines = [*fresh, *changed]
    newest = max([newest, *(line.task.pk for line in fresh)])
    followed = _followed(lines, newest)
    if not fresh and followed["seen"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    context = {"project": project, "changed": changed, "fresh": fresh, **followed}
    return render(request, "tasks/live.html", context)


def _lines(
    project: Project, wanted: list[int], newest: int
) -> tuple[list[ShownTask], list[ShownTask]]:
    rows = Task.objects.filter(project_id=project.pk).select_related("version").order_by("-id")
    known = rows.filter(pk__in=wanted) if wanted else rows.none()
    lines = shown([*rows.filter(pk__gt=newest)[:_MOST_NEW], *known])
    fresh = [line for line in lines if line.task.pk > newest]
    return lines[len(fresh) :], fresh


def _followed(lines: list[ShownTask], newest: int) -> dict[str, Any]:
    """What the page asks again about: the tasks that can still change."""
    moving = [line for line in lines if line.task.is_active or not line.task.archived]
    moving = moving[:_MOST_FOLLOWED]
    seen = "".join(line.mark for line in moving)
    return {
        "ids": ",".join(str(line.task.pk) for line in moving),
        "seen": hashlib.sha256(seen.encode()).hexdigest()[:12],
        "newest": newest,
    }
