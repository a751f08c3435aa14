"""What changes a dataset: each a small dialog or button, then back to its page."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lyceum.common.dialogs import answer_form, form_status, leave_for
from lyceum.common.forms import CoverForm, try_action
from lyceum.datasets import actions, queries
from lyceum.datasets.forms import AboutForm, DeleteForm
from lyceum.datasets.models import Dataset
from lyceum.limits import limit

_dialog = require_http_methods(["GET", "POST"])
_FIELDS = ("name", "summary", "description", "licence", "source", "visibility")


@login_required
@_dialog
def edit(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """What the dataset says about itself, and who can see it."""
    dataset = queries.owned_dataset(request.user, dataset_id)
    initial = {name: getattr(dataset, name) for name in _FIELDS}
    initial["tags"] = sorted(tag.shown_name for tag in dataset.tags.all())
    form = AboutForm(request.POST or None, initial=initial)

    def save() -> Dataset:
        return actions.edit_dataset(request.user, dataset.pk, **form.cleaned_data)

    return _answer(request, dataset, form, save, "datasets/edit.html")


@login_required
@_dialog
def cover(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Put a picture on the dataset, or take it away (``remove``)."""
    dataset = queries.owned_dataset(request.user, dataset_id)
    if "remove" in request.POST:
        actions.set_cover(request.user, dataset.pk, image=None)
        messages.success(request, _("The cover was removed."))
        return leave_for(request, _address(dataset))
    form = CoverForm(request.POST or None, request.FILES or None)

    def save() -> Dataset:
        return actions.set_cover(request.user, dataset.pk, image=form.cleaned_data["cover"])

    return _answer(request, dataset, form, save, "datasets/cover.html")


@login_required
@require_POST
def visibility(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Share the dataset, or make it private again."""
    wanted = request.POST.get("visibility", "")
    dataset = actions.edit_dataset(request.user, dataset_id, visibility=wanted)
    if dataset.is_shared:
        messages.success(request, _("Everybody can see this dataset now."))
    else:
        messages.success(request, _("Only you can see this dataset now."))
    return leave_for(request, _address(dataset))


@login_required
@_dialog
def delete(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Put the dataset into the trash, with its name typed."""
    dataset = queries.owned_dataset(request.user, dataset_id)
    form = DeleteForm(request.POST or None)
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data["typed_name"]
        if try_action(
            form, lambda: actions.delete_dataset(request.user, dataset.pk, typed_name=typed)
        ):
            text = _("“%(name)s” is in the trash; you can restore it for %(days)d days.")
            messages.success(
                request, text % {"name": dataset.shown_name, "days": limit("trash_days")}
            )
            return leave_for(request, reverse("datasets:hall") + "?tab=mine")
    shown = {"dataset": dataset, "form": form, "days": limit("trash_days")}
    return render(request, "datasets/delete.html", shown, status=form_status(form))


@login_required
@require_POST
def restore(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Take the dataset out of the trash."""
    dataset = actions.restore_dataset(request.user, dataset_id)
    messages.success(request, _("The dataset is back."))
    return leave_for(request, _address(dataset))


@login_required
@require_safe
def trash(request: HttpRequest) -> HttpResponse:
    """The learner's deleted datasets."""
    shown = {"datasets": queries.trash_of(request.user), "days": limit("trash_days")}
    return render(request, "datasets/trash.html", shown)


@login_required
@require_POST
def favourite(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Mark the dataset (``on=1``) or take the mark away."""
    change = actions.add_favourite if request.POST.get("on") else actions.remove_favourite
    dataset = change(request.user, dataset_id)
    if not request.htmx:
        return leave_for(request, _address(dataset))
    return render(request, "datasets/favourite.html", {"dataset": dataset})


def _answer(
    request: HttpRequest,
    dataset: Dataset,
    form: forms.Form,
    save: Callable[[], object],
    template: str,
) -> HttpResponse:
    return answer_form(
        request,
        form,
        save,
        template=template,
        context={"dataset": dataset},
        done=_("Saved."),
        address=_address(dataset),
    )


def _address(dataset: Dataset) -> str:
    return reverse("datasets:detail", args=[dataset.pk])
