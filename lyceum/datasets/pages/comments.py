"""Comments under a dataset: reading, writing, removing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from lyceum.common.dialogs import form_status
from lyceum.common.forms import try_action
from lyceum.datasets import actions, queries
from lyceum.datasets.forms import CommentForm
from lyceum.datasets.models import Dataset
from lyceum.datasets.pages.detail import page_context


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def comments(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """What people say about the dataset, newest first; POST adds to it."""
    if request.method == "POST":
        return _add(request, dataset_id)
    dataset = queries.get_dataset(request.user, dataset_id)
    if request.htmx and request.GET.get("cursor"):
        return render(request, "datasets/comment_items.html", _page(request, dataset))
    return _tab(request, dataset, CommentForm())


@login_required
@require_POST
def delete(request: HttpRequest, dataset_id: int, comment_id: int) -> HttpResponse:
    """Remove a comment; with HTMX its place becomes empty and the count goes down."""
    actions.delete_comment(request.user, dataset_id, comment_id)
    messages.success(request, _("The comment was deleted."))
    if not request.htmx:
        return redirect("datasets:comments", dataset_id)
    dataset = queries.get_dataset(request.user, dataset_id)
    shown = {"comment_count": dataset.comments.count(), "is_update": True}
    return render(request, "datasets/comment_count.html", shown)


@login_required
def _add(request: HttpRequest, dataset_id: int) -> HttpResponse:
    dataset = queries.get_dataset(request.user, dataset_id)
    form = CommentForm(request.POST)

    def add() -> object:
        return actions.add_comment(request.user, dataset.pk, text=form.cleaned_data["text"])

    if form.is_valid() and try_action(form, add):
        messages.success(request, _("Your comment is there."))
        if not request.htmx:
            return redirect("datasets:comments", dataset.pk)
        form = CommentForm()
    return _tab(request, dataset, form)


def _tab(request: HttpRequest, dataset: Dataset, form: CommentForm) -> HttpResponse:
    newest = queries.newest_version(dataset)
    shown = {
        **page_context(request, dataset, "comments", newest=newest),
        **_page(request, dataset),
        "form": form,
    }
    return render(request, "datasets/comments.html", shown, status=form_status(form))


def _page(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    cursor = request.GET.get("cursor")
    return {"dataset": dataset, "page": queries.comments_page(dataset, cursor=cursor)}
