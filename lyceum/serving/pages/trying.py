"""The wizard's moving parts: which model the chosen files are, loading it, trying it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lyceum.common.errors import DomainError
from lyceum.serving import actions
from lyceum.serving.models import Draft
from lyceum.serving.pages.access import draft_of
from lyceum.serving.pages.shown import trial_context
from lyceum.serving.pages.tree import model_choice
from lyceum.serving.pages.wizard import keep_converter


@login_required
@require_POST
def model(request: HttpRequest, project_id: int, draft_id: int) -> HttpResponse:
    """What can be the main program among the files that are checked now; saves nothing."""
    draft = draft_of(request, project_id, draft_id)
    choice = model_choice(
        draft.project_id,
        request.POST.getlist("files"),
        main_program=request.POST.get("main_program", ""),
        kind=request.POST.get("kind", ""),
        params_file=request.POST.get("params_file", ""),
    )
    return render(request, "serving/model_choice.html", {"draft": draft, "choice": choice})


@never_cache
@login_required
@require_safe
def inspection(request: HttpRequest, project_id: int, draft_id: int) -> HttpResponse:
    """How loading the model goes; asks for itself again until it is done."""
    draft_of(request, project_id, draft_id)
    draft = actions.finish_inspection(request.user, draft_id)
    if not request.htmx:
        return redirect("serving:draft", project_id, draft_id, 1)
    shown = {"draft": draft, "inspection": draft.inspection}
    return render(request, "serving/inspection.html", shown)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, project_id: int, draft_id: int) -> HttpResponse:
    """POST tries the converter and the model once on the sample; GET is how that goes."""
    draft = draft_of(request, project_id, draft_id)
    if request.method != "POST":
        return _trial(request, actions.finish_trial(request.user, draft.pk))
    try:
        keep_converter(request, draft)
        draft = actions.begin_trial(request.user, draft.pk)
    except DomainError as refusal:
        return _trial(request, draft, refusal=refusal)
    return _trial(request, draft)


def _trial(
    request: HttpRequest, draft: Draft, *, refusal: DomainError | None = None
) -> HttpResponse:
    if not request.htmx:
        return redirect("serving:draft", draft.project_id, draft.pk, 3)
    trial = {} if refusal else draft.trial
    shown = {"draft": draft, "trial": trial, "refusal": refusal, **trial_context(trial)}
    return render(request, "serving/trial.html", shown)
