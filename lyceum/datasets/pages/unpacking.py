"""Unpacking an archive of a dataset: asking for it, how it goes, calling it off."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from lyceum.datasets import queries
from lyceum.datasets.actions.unpacking import cancel_unpacking, start_unpacking
from lyceum.datasets.models import Unpacking
from lyceum.datasets.queries.unpacking import archive_folder, shown_unpacking, unpacking_of
from lyceum.datasets.unpacking_sentences import explanation


@login_required
@require_POST
def start(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Unpack the archive ``path`` of version ``version`` (the newest when not given)."""
    number = request.POST.get("version", "")
    unpacking = start_unpacking(
        request.user,
        dataset_id,
        path=request.POST.get("path", ""),
        number=int(number) if number.isdecimal() else None,
    )
    return _panel(request, dataset_id, unpacking)


@never_cache
@login_required
@require_safe
def shown(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """What is being unpacked into the dataset, or failed to be; empty when nothing is."""
    dataset = queries.owned_dataset(request.user, dataset_id)
    return _answer(request, shown_unpacking(request.user, dataset))


@never_cache
@login_required
@require_safe
def state(request: HttpRequest, dataset_id: int, unpacking_id: int) -> HttpResponse:
    """One unpacking as it is now; asks for itself again while it goes on."""
    return _answer(request, unpacking_of(request.user, dataset_id, unpacking_id))


@login_required
@require_POST
def cancel(request: HttpRequest, dataset_id: int, unpacking_id: int) -> HttpResponse:
    """Call an unpacking off."""
    return _panel(request, dataset_id, cancel_unpacking(request.user, dataset_id, unpacking_id))


def _panel(request: HttpRequest, dataset_id: int, unpacking: Unpacking) -> HttpResponse:
    if not request.htmx:
        return redirect(resolve_url("datasets:detail", dataset_id) + "#unpacking")
    return _answer(request, unpacking)


def _answer(request: HttpRequest, unpacking: Unpacking | None) -> HttpResponse:
    shown = {"unpacking": unpacking}
    if unpacking is not None:
        shown["folder"] = archive_folder(unpacking.path)
        shown["explanation"] = explanation(unpacking)
        shown["percent"] = _percent(unpacking)
    return render(request, "datasets/unpacking.html", shown)


def _percent(unpacking: Unpacking) -> int | None:
    """``None`` before it is known how much there is to do."""
    if not unpacking.total_bytes:
        return None
    return min(100, 100 * unpacking.done_bytes // unpacking.total_bytes)
