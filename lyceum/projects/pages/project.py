"""The project page (guide, 单机项目): its head and its tabs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lyceum.common.markdown import render_markdown
from lyceum.notebooks import livedata
from lyceum.projects import choices, content, diffs, queries, rendering
from lyceum.projects.models import Project, Version
from lyceum.projects.pages.code import version_code


@require_safe
def detail(request: HttpRequest, project_id: int, number: int | None = None) -> HttpResponse:
    """版本内容: the newest notebook (of a cluster project: its code), or that of version
    ``number``, and all versions."""
    project = queries.get_project(request.user, project_id)
    version = (
        queries.latest_version(project) if number is None else queries.get_version(project, number)
    )
    content_of = version_code if project.kind == Project.Kind.CLUSTER else _version_notebook
    shown = {
        "version": version,
        **(content_of(project, version) if version else {}),
        "versions": queries.versions_page(project, size=100).items,
    }
    return _page(request, project, "versions", shown)


@require_safe
def versions_list(request: HttpRequest, project_id: int) -> HttpResponse:
    """All saved versions, page by page."""
    project = queries.get_project(request.user, project_id)
    page = queries.versions_page(project, cursor=request.GET.get("cursor"))
    shown = {"project": project, "page": page, "is_owner": _is_owner(request, project)}
    return render(request, "projects/version_items.html", shown)


@require_safe
def diff(request: HttpRequest, project_id: int) -> HttpResponse:
    """What changed between two versions, ``?old=`` and ``?new=``."""
    project = queries.get_project(request.user, project_id)
    old = queries.get_version(project, _number(request, "old"))
    new = queries.get_version(project, _number(request, "new"))
    shown = {
        "old": old,
        "new": new,
        "difference": diffs.compare(project.pk, old.commit, new.commit),
        "versions": queries.versions_page(project, size=100).items,
    }
    return _page(request, project, "versions", shown, template="projects/diff.html")


@require_safe
def forks(request: HttpRequest, project_id: int) -> HttpResponse:
    """Fork记录: who forked the project and when, and what it was forked from."""
    project = queries.get_project(request.user, project_id)
    page = queries.forks_page(request.user, project, cursor=request.GET.get("cursor"))
    shown = {"page": page, "origin": queries.origin_of(request.user, project)}
    if request.htmx and request.GET.get("cursor"):
        return render(request, "projects/fork_items.html", {"project": project, **shown})
    return _page(request, project, "forks", shown)


@require_safe
def datasets(request: HttpRequest, project_id: int) -> HttpResponse:
    """数据集: what the project uses, as far as this reader may see it."""
    project = queries.get_project(request.user, project_id)
    shown = {
        "hidden_count": queries.hidden_datasets(request.user, project),
        "needs_restart": _is_owner(request, project) and livedata.awaiting_restart(project),
    }
    return _page(request, project, "datasets", shown)


@login_required
@require_safe
def trash(request: HttpRequest) -> HttpResponse:
    """The learner's deleted projects."""
    return render(request, "projects/trash.html", {"projects": queries.trash_of(request.user)})


def page_context(request: HttpRequest, project: Project, tab: str) -> dict[str, Any]:
    """What the head and side of every project page show."""
    return {
        "project": project,
        "tab": tab,
        "is_owner": _is_owner(request, project),
        "has_starred": queries.has_starred(request.user, project),
        "description": render_markdown(project.shown_description),
        "environment_label": choices.environment_label(project.environment),
        "framework_label": choices.framework_label(project.framework),
        "origin": queries.origin_of(request.user, project),
        "uses": queries.dataset_uses(request.user, project),
        "newest": queries.latest_version(project),
        "kinds": Project.Kind,
        "causes": Version.Cause,
    }


def _version_notebook(project: Project, version: Version) -> dict[str, Any]:
    notebook = rendering.shown_notebook(project, version)
    url = content.notebook_url(project, version, notebook) if notebook else ""
    return {"notebook": notebook, "content_url": url}


def _page(
    request: HttpRequest,
    project: Project,
    tab: str,
    shown: dict[str, Any],
    *,
    template: str = "",
) -> HttpResponse:
    context = {**page_context(request, project, tab), **shown}
    return render(request, template or f"projects/tab_{tab}.html", context)


def _is_owner(request: HttpRequest, project: Project) -> bool:
    return request.user.is_authenticated and project.owner_id == request.user.pk


def _number(request: HttpRequest, name: str) -> int:
    value = request.GET.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 10 else 0
