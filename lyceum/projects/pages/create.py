"""The create dialog (guide, 创建项目), its dataset picker, and what follows it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lyceum.common.errors import DomainError
from lyceum.common.forms import try_action
from lyceum.datasets.queries import Tab as DatasetTab
from lyceum.notebooks.actions import start_notebook
from lyceum.projects import actions, choices, queries
from lyceum.projects.actions import datasets as dataset_rules
from lyceum.projects.dataset_access import pickable, usable
from lyceum.projects.forms import CreateForm
from lyceum.projects.models import Project
from lyceum.projects.resources import resources

UNPROCESSABLE = 422


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The dialog; POST creates the project and offers to view or run it.

    ``?dataset=`` (once or twice): chosen from the start, if the learner may use it.
    """
    form = CreateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        project = try_action(form, lambda: _create(request, form))
        if project:
            if request.htmx:
                return render(request, "projects/created.html", {"project": project})
            return redirect("projects:created", project.pk)
    shown = {
        "form": form,
        "kinds": Project.Kind,
        "environments": choices.environment_choices(),
        "resources": resources(),
        **_picker(
            request,
            form.data.getlist("datasets") if form.is_bound else request.GET.getlist("dataset"),
        ),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "projects/new.html", shown, status=status)


@login_required
@require_safe
def created(request: HttpRequest, project_id: int) -> HttpResponse:
    """The choice after creating: view the project or run it at once."""
    project = queries.owned_project(request.user, project_id)
    return render(request, "projects/created.html", {"project": project})


@login_required
@require_POST
def run(request: HttpRequest, project_id: int) -> HttpResponse:
    """运行项目: of a notebook project, start its notebook and go to the project's page, which
    shows the progress; of a cluster project, go to its editor."""
    project = queries.owned_project(request.user, project_id)
    if project.kind == Project.Kind.CLUSTER:
        return redirect("editor:editor", project.pk)
    try:
        start_notebook(request.user, project_id=project.pk)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("projects:detail", project.pk)


@login_required
@require_safe
def picker(request: HttpRequest) -> HttpResponse:
    """Datasets to choose from; those already chosen stay at the top."""
    return render(
        request, "projects/picker.html", _picker(request, request.GET.getlist("datasets"))
    )


def _create(request: HttpRequest, form: CreateForm) -> Project:
    fields = {**form.cleaned_data}
    return actions.create_project(request.user, dataset_ids=fields.pop("datasets"), **fields)


def _picker(request: HttpRequest, chosen: list[str]) -> dict:
    asked = request.GET.get("dataset_tab")
    tab = DatasetTab(asked) if asked in set(DatasetTab) else DatasetTab.OFFICIAL
    ids = [int(value) for value in chosen if value.isdecimal() and len(value) < 19]
    picked = usable(request.user, ids)
    words = request.GET.get("dataset_q", "")[:200]
    found = pickable(request.user, tab=tab, words=words)
    return {
        "picked": picked,
        "found": [each for each in found if each.pk not in ids],
        "dataset_tab": tab,
        "dataset_words": words,
        "most": dataset_rules.most_datasets(),
        "is_full": len(picked) >= dataset_rules.most_datasets(),
        "is_over": len(picked) > dataset_rules.most_datasets(),
    }
