"""Small forms in dialogs (or pages of their own, without HTMX): tried, refused, left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from lyceum.common.forms import try_action


def answer_form(
    request: HttpRequest,
    form: forms.Form,
    action: Callable[[], object],
    *,
    template: str,
    context: dict[str, Any],
    done: str,
    address: str,
) -> HttpResponse:
    """``template`` with the form and what is wrong in it; or, when ``action`` has done
    it, the message ``done`` at ``address``."""
    if form.is_bound and form.is_valid() and try_action(form, action) is not None:
        messages.success(request, done)
        return leave_for(request, address)
    return render(request, template, {**context, "form": form}, status=form_status(form))


def form_status(form: forms.Form) -> int:
    """The status of a page with this form: 422 (which HTMX swaps in) when it was refused."""
    return 422 if form.is_bound else 200


def leave_for(request: HttpRequest, address: str) -> HttpResponse:
    """Take the whole window to ``address``, out of a dialog too."""
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
