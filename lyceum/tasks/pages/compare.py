"""Two tasks side by side: note, resources, code, what they used (guide, 任务备注)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from lyceum.common.errors import DomainError
from lyceum.projects import diffs
from lyceum.tasks import queries
from lyceum.tasks.pages.numbers import number, numbers
from lyceum.tasks.pages.shown import shown

_RECENT = 50


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest, project_id: int) -> HttpResponse:
    """``?a=`` with ``?b=``; two that were chosen in the history lead there."""
    project = queries.cluster_project(request.user, project_id)
    if request.method == "POST":
        chosen = sorted(numbers(request.POST, "task", 2))
        if len(chosen) != 2:
            raise DomainError("two_tasks", _("Choose two tasks to compare."))
        here = reverse("tasks:compare", args=[project.pk])
        return redirect(f"{here}?a={chosen[0]}&b={chosen[1]}")
    pair = [
        queries.task_of(request.user, number(request.GET, name), project_id=project.pk)
        for name in ("a", "b")
    ]
    a, b = pair
    context = {
        "project": project,
        "lines": shown(pair),
        "a": a,
        "b": b,
        "difference": diffs.compare(project.pk, a.version.commit, b.version.commit),
        "recent": queries.tasks_page(project, size=_RECENT).items,
    }
    return render(request, "tasks/compare.html", context)
