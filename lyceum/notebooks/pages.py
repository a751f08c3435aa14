"""The run panel of the project page (guide, 单机项目)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from lyceum.common.errors import Conflict, DomainError, Forbidden
from lyceum.notebooks import actions, queries
from lyceum.notebooks.models import NotebookServer
from lyceum.projects.queries import get_project

State = NotebookServer.State


@never_cache
@require_GET
def panel(request: HttpRequest, project_id: int) -> HttpResponse:
    """The whole panel; for those who may not run the project, how they can."""
    project = get_project(request.user, project_id)
    if request.user.is_authenticated:
        try:
            return _panel(request, project_id)
        except Forbidden:
            pass
    return render(request, "notebooks/visitor.html", {"project": project})


@never_cache
@login_required
@require_GET
def state(request: HttpRequest, project_id: int) -> HttpResponse:
    """What changes while a panel is open; the whole panel when its state is another.

    ``?state=`` is what the panel shows now. Small swaps keep the focus where it is.
    """
    server = queries.server_of(request.user, project_id)
    if server.state != request.GET.get("state"):
        response = _panel(request, project_id)
        response["HX-Retarget"] = f"#notebook-panel-{project_id}"
        response["HX-Reswap"] = "outerHTML"
        return response
    return render(request, "notebooks/state.html", {"view": queries.view_of(server)})


@login_required
@require_POST
def start(request: HttpRequest, project_id: int) -> HttpResponse:
    """Run the project."""
    try:
        actions.start_notebook(request.user, project_id=project_id)
    except Conflict as refusal:
        return _panel(request, project_id, refusal=refusal)
    return _panel(request, project_id)


@login_required
@require_POST
def stop(request: HttpRequest, project_id: int) -> HttpResponse:
    """Stop the project; with ``?for=<id>``, to make room for that project's panel."""
    actions.stop_notebook(request.user, project_id=project_id)
    waiting = request.GET.get("for", "")
    return _panel(request, int(waiting) if waiting.isdecimal() else project_id)


@login_required
@require_POST
def keep(request: HttpRequest, project_id: int) -> HttpResponse:
    """The learner is still there: take the idle warning back."""
    actions.keep_notebook(request.user, project_id=project_id)
    return _panel(request, project_id)


@never_cache
@login_required
@require_GET
def entrance(request: HttpRequest, project_id: int) -> HttpResponse:
    """A page that leads into a notebook which may have to be started first.

    ``?to=`` is ``notebook``, ``lab`` or ``visualdl``. The hub sends learners here
    who open an address of a project that does not run.
    """
    view = queries.notebook_view(request.user, project_id)
    target = request.GET.get("to", "notebook")
    places = {
        "notebook": view.addresses.notebook,
        "lab": view.addresses.lab,
        "visualdl": view.addresses.visualdl,
    }
    context = {
        "project": get_project(request.user, project_id),
        "target": places.get(target, view.addresses.notebook),
    }
    return render(request, "notebooks/entrance.html", context)


def _panel(
    request: HttpRequest, project_id: int, *, refusal: DomainError | None = None
) -> HttpResponse:
    server = queries.server_of(request.user, project_id)
    full = refusal is not None and refusal.code == actions.LIMIT_CODE
    context = {
        "view": queries.view_of(server),
        "log": queries.log_tail(server) if server.state == State.FAILED else "",
        "refusal": refusal,
        "others": queries.running_projects(request.user) if full else [],
    }
    return render(request, "notebooks/panel.html", context)
