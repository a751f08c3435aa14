"""The editor's page (guide, 集群项目 / 代码编辑): its frame, which the script fills."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lyceum.editor import queries, rules
from lyceum.limits import limit
from lyceum.projects.choices import environment_label
from lyceum.projects.models import Project
from lyceum.projects.queries import dataset_uses, get_version, owned_project


@never_cache
@login_required
@require_safe
def editor(request: HttpRequest, project_id: int) -> HttpResponse:
    """The page; ``?version=N`` offers to open that version's code.

    The page writes nothing: its script begins the session (``conversation.begin``).
    """
    project = owned_project(request.user, project_id)
    if project.kind != Project.Kind.CLUSTER:
        return redirect("projects:detail", project.pk)
    asked = request.GET.get("version", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
    shown = {
        "project": project,
        "version": get_version(project, number) if number else None,
        "environment_label": environment_label(project.environment),
        "resources": queries.resources_of(),
        "uses": dataset_uses(request.user, project),
        "address": reverse("editor:editor", args=[project.pk]),
        "editor_bytes": rules.editor_bytes(),
        "editor_mb": limit("editor_file_mb"),
        "upload_bytes": rules.upload_bytes(),
        "upload_mb": limit("file_manager_upload_mb"),
    }
    return render(request, "editor/editor.html", shown)
