"""Creating a dataset and its next version (guide, 创建数据集): files, then what they are.

``?for=project`` goes along while a learner comes from the create-project dialog; the
new dataset then brings them back there.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lyceum.common.errors import DomainError
from lyceum.common.forms import try_action
from lyceum.datasets import actions, queries
from lyceum.datasets.actions import About
from lyceum.datasets.draft_files import draft_files
from lyceum.datasets.draft_forms import VersionForm
from lyceum.datasets.forms import AboutForm
from lyceum.datasets.models import Dataset, Draft
from lyceum.limits import limit

UNPROCESSABLE = 422
LINES = 200
_MEGABYTE = 1024 * 1024
_PROJECT = "project"


@login_required
@require_safe
def new(request: HttpRequest) -> HttpResponse:
    """Begin a dataset, or go on with the one that was begun."""
    draft = actions.open_draft(request.user)
    return redirect(reverse("datasets:draft", args=[draft.pk]) + _purpose(request))


@login_required
@require_POST
def update(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Begin a dataset's next version, or go on with it."""
    draft = actions.open_draft(request.user, dataset_id=dataset_id)
    return redirect("datasets:draft", draft.pk)


@login_required
@require_safe
def draft(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Step 1: bring files, see which are there."""
    found = queries.owned_draft(request.user, draft_id)
    return _files_page(request, found, VersionForm())


@login_required
@require_safe
def files(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """The list alone, which the page asks for again whenever it may have changed."""
    found = queries.owned_draft(request.user, draft_id)
    return _files_list(request, found)


@login_required
@require_POST
def take_out(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Leave ``path`` out; what is not there any more is out."""
    found = queries.owned_draft(request.user, draft_id)
    try:
        found = actions.take_out(request.user, draft_id, path=request.POST.get("path", ""))
    except DomainError as refusal:
        if refusal.code != "no_such_file":
            raise
    return _after_change(request, found)


@login_required
@require_POST
def put_back(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Keep ``path`` of the newest version after all."""
    changed = actions.put_back(request.user, draft_id, path=request.POST.get("path", ""))
    return _after_change(request, changed)


@login_required
@require_http_methods(["GET", "POST"])
def about(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Step 2: say what the files are; POST makes the dataset."""
    found = queries.owned_draft(request.user, draft_id)
    if found.dataset:
        return redirect("datasets:draft", found.pk)
    form = AboutForm(request.POST or None)
    if form.is_bound and form.is_valid():
        made = try_action(form, lambda: _create(request, found, form))
        if made:
            return _to_new_dataset(request, made)
    shown = {
        "draft": found,
        "form": form,
        "view": queries.draft_view(found),
        "purpose": _purpose(request),
        "way_back": _way_back(request),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "datasets/draft_about.html", shown, status=status)


@login_required
@require_POST
def version(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Make the draft the next version of its dataset."""
    found = queries.owned_draft(request.user, draft_id)
    form = VersionForm(request.POST)
    if form.is_valid():
        note = form.cleaned_data["note"]
        made = try_action(
            form, lambda: actions.create_version(request.user, draft_id=found.pk, note=note)
        )
        if made:
            text = _("Version %(number)d is there. Projects that have the dataset are told.")
            messages.success(request, text % {"number": made.number})
            return redirect("datasets:detail", made.dataset_id)
    return _files_page(request, found, form)


@login_required
@require_POST
def discard(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Give up the draft with what was uploaded for it."""
    found = queries.owned_draft(request.user, draft_id)
    actions.discard_draft(request.user, found.pk)
    messages.success(request, _("The files were discarded."))
    if found.dataset_id:
        return redirect("datasets:detail", found.dataset_id)
    return redirect(_way_back(request))


def _create(request: HttpRequest, found: Draft, form: AboutForm) -> Dataset:
    fields = {**form.cleaned_data}
    tags, visibility = fields.pop("tags"), fields.pop("visibility")
    return actions.create_dataset(
        request.user, draft_id=found.pk, about=About(**fields), tags=tags, visibility=visibility
    )


def _to_new_dataset(request: HttpRequest, made: Dataset) -> HttpResponse:
    text = _("“%(name)s” is created.")
    messages.success(request, text % {"name": made.shown_name})
    if _purpose(request):
        return redirect(f"{_way_back(request)}&dataset={made.pk}")
    return redirect("datasets:detail", made.pk)


def _purpose(request: HttpRequest) -> str:
    """The query string that goes along, empty or ``?for=project``."""
    asked = request.POST.get("for") or request.GET.get("for")
    return f"?for={_PROJECT}" if asked == _PROJECT else ""


def _way_back(request: HttpRequest) -> str:
    """Where a learner who gives up goes; the project's form is filled in again."""
    return f"{reverse('projects:new')}?kept=1" if _purpose(request) else reverse("datasets:hall")


def _after_change(request: HttpRequest, changed: Draft) -> HttpResponse:
    if request.htmx:
        return _files_list(request, changed)
    return redirect(reverse("datasets:draft", args=[changed.pk]) + _purpose(request))


def _files_list(request: HttpRequest, found: Draft) -> HttpResponse:
    return render(request, "datasets/draft_files.html", _shown(request, found))


def _files_page(request: HttpRequest, found: Draft, form: VersionForm) -> HttpResponse:
    shown = {
        **_shown(request, found),
        "form": form,
        "file_most": limit("dataset_file_mb") * _MEGABYTE,
        "files_most": limit("dataset_files"),
        "draft_days": limit("dataset_draft_days"),
        "way_back": _way_back(request),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "datasets/draft.html", shown, status=status)


def _shown(request: HttpRequest, found: Draft) -> dict[str, Any]:
    asked = request.GET.get("lines") or request.POST.get("lines") or ""
    lines = int(asked) if asked.isdecimal() and len(asked) < 7 else LINES
    newest = queries.newest_version(found.dataset) if found.dataset else None
    return {
        "draft": found,
        "listed": draft_files(queries.draft_view(found), most=max(lines, LINES)),
        "lines": lines,
        "more_lines": lines + 5 * LINES,
        "newest": newest,
        "next_number": newest.number + 1 if newest else 1,
        "quota": queries.quota(request.user),
        "purpose": _purpose(request),
    }
