"""What an owner does to a task: stop it, name it, delete it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from lyceum.common.dialogs import answer_form
from lyceum.tasks import actions, queries


class NoteForm(forms.Form):
    """任务备注."""

    note = forms.CharField(
        label=gettext_lazy("Task note"),
        help_text=gettext_lazy("To tell tasks apart, by what they try: “learning rate 0.1”."),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 100, "autocomplete": "off"}),
    )


@login_required
@require_POST
def stop(request: HttpRequest, task_id: int) -> HttpResponse:
    """终止任务."""
    task = actions.stop_task(request.user, task_id)
    if task.is_active:
        messages.success(request, _("Task %(number)d is being stopped.") % {"number": task.pk})
    return _back(request, reverse("tasks:task", args=[task.pk]))


@login_required
@require_http_methods(["GET", "POST"])
def note(request: HttpRequest, task_id: int) -> HttpResponse:
    """The task's note, in a dialog."""
    task = queries.task_of(request.user, task_id)
    form = NoteForm(request.POST or None, initial={"note": task.note})
    return answer_form(
        request,
        form,
        lambda: actions.edit_task(request.user, task.pk, note=form.cleaned_data["note"]),
        template="tasks/note.html",
        context={"task": task},
        done=_("The note was saved."),
        address=reverse("tasks:task", args=[task.pk]),
    )


@login_required
@require_POST
def delete(request: HttpRequest, task_id: int) -> HttpResponse:
    """Remove a task with its output and its log."""
    task = queries.task_of(request.user, task_id)
    actions.delete_task(request.user, task.pk)
    messages.success(request, _("Task %(number)d was deleted.") % {"number": task_id})
    return redirect("tasks:history", task.project_id)


def _back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To the page of ours that sent the form."""
    place = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(place, allowed_hosts=None)
    return redirect(place if is_ours else otherwise)
