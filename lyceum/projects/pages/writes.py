"""What changes a project: each a small dialog or button, then back to its page."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lyceum.common.dialogs import answer_form, form_status, leave_for
from lyceum.common.errors import Conflict, DomainError
from lyceum.common.forms import CoverForm, try_action
from lyceum.common.streams import download
from lyceum.datasets.queries import Tab as DatasetTab
from lyceum.notebooks.actions import restart_notebook
from lyceum.projects import actions, queries, versions
from lyceum.projects.dataset_access import pickable
from lyceum.projects.forms import AboutForm, DeleteForm, NoteForm
from lyceum.projects.models import Project

_dialog = require_http_methods(["GET", "POST"])


@login_required
@_dialog
def edit(request: HttpRequest, project_id: int) -> HttpResponse:
    """Name, description, tags and who can see it."""
    project = queries.owned_project(request.user, project_id)
    initial = {
        "name": project.name,
        "description": project.description,
        "tags": sorted(tag.shown_name for tag in project.tags.all()),
        "visibility": project.visibility,
    }
    form = AboutForm(request.POST or None, initial=initial)

    def save() -> Project:
        return actions.edit_project(request.user, project.pk, **form.cleaned_data)

    return _answer(request, project, form, save, "projects/edit.html", _("Saved."))


@login_required
@_dialog
def cover(request: HttpRequest, project_id: int) -> HttpResponse:
    """Put a picture on the project, or take it away (``remove``)."""
    project = queries.owned_project(request.user, project_id)
    if "remove" in request.POST:
        actions.set_cover(request.user, project.pk, image=None)
        messages.success(request, _("The picture was removed."))
        return _to_page(request, project)
    form = CoverForm(request.POST or None, request.FILES or None)

    def save() -> Project:
        return actions.set_cover(request.user, project.pk, image=form.cleaned_data["cover"])

    return _answer(request, project, form, save, "projects/cover.html", _("Saved."))


@login_required
@require_POST
def visibility(request: HttpRequest, project_id: int) -> HttpResponse:
    """Share the project, or make it private again."""
    wanted = request.POST.get("visibility", "")
    project = actions.set_visibility(request.user, project_id, visibility=wanted)
    if project.visibility == Project.Visibility.SHARED:
        messages.success(request, _("Everybody can see this project now."))
    else:
        messages.success(request, _("Only you can see this project now."))
    return _to_page(request, project)


@login_required
@_dialog
def delete(request: HttpRequest, project_id: int) -> HttpResponse:
    """Put the project into the trash, with its name typed."""
    project = queries.owned_project(request.user, project_id)
    form = DeleteForm(request.POST or None)
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data["typed_name"]
        done = try_action(
            form, lambda: actions.delete_project(request.user, project.pk, typed_name=typed)
        )
        if done:
            text = _("“%(name)s” is in the trash; you can restore it for 30 days.")
            messages.success(request, text % {"name": project.name})
            return leave_for(request, reverse("projects:hall") + "?tab=mine")
    shown = {"project": project, "form": form}
    return render(request, "projects/delete.html", shown, status=form_status(form))


@login_required
@require_POST
def restore(request: HttpRequest, project_id: int) -> HttpResponse:
    """Take the project out of the trash."""
    project = actions.restore_project(request.user, project_id)
    messages.success(request, _("The project is back."))
    return _to_page(request, project)


@login_required
@_dialog
def fork(request: HttpRequest, project_id: int) -> HttpResponse:
    """Ask, then make a fork and go to its page (guide, Fork项目)."""
    project = queries.get_project(request.user, project_id)
    asked = request.POST.get("version") or request.GET.get("version") or ""
    number = int(asked) if asked.isdecimal() and len(asked) < 10 else None
    if request.method == "POST":
        made = actions.fork_project(request.user, project.pk, number=number)
        messages.success(request, _("This is your own copy now."))
        return _to_page(request, made)
    seen = queries.seen_dataset_links(request.user, project)
    lost = len(queries.dataset_links(project)) - len(seen)
    shown = {"project": project, "number": number, "links": seen, "lost_count": lost}
    return render(request, "projects/fork.html", shown)


@login_required
@require_POST
def star(request: HttpRequest, project_id: int) -> HttpResponse:
    """Star the project (``on=1``) or take the star back."""
    on = bool(request.POST.get("on"))
    change = actions.star_project if on else actions.unstar_project
    project = change(request.user, project_id)
    if not request.htmx:
        return _to_page(request, project)
    return render(request, "projects/star.html", {"project": project, "has_starred": on})


@login_required
@_dialog
def save_version(request: HttpRequest, project_id: int) -> HttpResponse:
    """Save the work folder as a version, with a note."""
    project = queries.owned_project(request.user, project_id)
    form = NoteForm(request.POST or None)

    def save():
        return actions.save_version(request.user, project.pk, note=form.cleaned_data["note"])

    return _answer(
        request, project, form, save, "projects/save_version.html", _("The version is saved.")
    )


@login_required
@require_POST
def restore_version(request: HttpRequest, project_id: int, number: int) -> HttpResponse:
    """Put a version's files back; the present ones are saved first."""
    project = queries.owned_project(request.user, project_id)
    try:
        actions.restore_version(request.user, project.pk, number=number)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        text = _("The files are those of version %(number)d again; what was there is saved.")
        messages.success(request, text % {"number": number})
    return _to_page(request, project)


@require_safe
def export(request: HttpRequest, project_id: int, number: int) -> StreamingHttpResponse:
    """A version's files as a zip, made while it is sent."""
    project = queries.get_project(request.user, project_id)
    version = queries.get_version(project, number)
    chunks = versions.archive(project.pk, version.commit)
    name = f"project-{project.pk}-version-{number}.zip"
    return download(request, chunks, name=name, content_type="application/zip")


@login_required
@_dialog
def add_dataset(request: HttpRequest, project_id: int) -> HttpResponse:
    """Choose a dataset for the project; POST adds it."""
    project = queries.owned_project(request.user, project_id)
    refusal = ""
    if request.method == "POST":
        value = request.POST.get("dataset", "")
        chosen = int(value) if value.isdecimal() and len(value) < 19 else 0
        try:
            actions.add_dataset(request.user, project.pk, dataset_id=chosen)
        except DomainError as error:
            refusal = error.message
        else:
            messages.success(request, _("The dataset is in the project."))
            return leave_for(request, reverse("projects:datasets", args=[project.pk]))
    shown = {"project": project, "refusal": refusal, **_choices(request)}
    return render(request, "projects/add_dataset.html", shown, status=422 if refusal else 200)


@login_required
@require_POST
def update_dataset(request: HttpRequest, project_id: int, dataset_id: int) -> HttpResponse:
    """Give the project the newest version of a dataset."""
    try:
        link = actions.update_dataset(request.user, project_id, dataset_id=dataset_id)
    except Conflict as refusal:
        messages.info(request, refusal.message)
    else:
        text = _("The project uses version %(number)d of the dataset now.")
        messages.success(request, text % {"number": link.version.number})
    return leave_for(request, reverse("projects:datasets", args=[project_id]))


@login_required
@require_POST
def restart(request: HttpRequest, project_id: int) -> HttpResponse:
    """Stop the project's notebook and start it again, for what it can't get otherwise."""
    restart_notebook(request.user, project_id=project_id)
    messages.success(request, _("The notebook is being restarted."))
    return leave_for(request, reverse("projects:datasets", args=[project_id]))


@login_required
@require_POST
def remove_dataset(request: HttpRequest, project_id: int, dataset_id: int) -> HttpResponse:
    """Take a dataset out of the project."""
    actions.remove_dataset(request.user, project_id, dataset_id=dataset_id)
    messages.success(request, _("The dataset is no longer in the project."))
    return leave_for(request, reverse("projects:datasets", args=[project_id]))


def _choices(request: HttpRequest) -> dict:
    words = request.GET.get("dataset_q", "")[:200]
    asked = request.GET.get("dataset_tab")
    tab = DatasetTab(asked) if asked in set(DatasetTab) else DatasetTab.OFFICIAL
    return {
        "dataset_words": words,
        "dataset_tab": tab,
        "found": pickable(request.user, tab=tab, words=words),
    }


def _answer(
    request: HttpRequest,
    project: Project,
    form: forms.Form,
    action: Callable[[], object],
    template: str,
    done: str,
) -> HttpResponse:
    """The dialog again with what is wrong, or the project's page with ``done``."""
    return answer_form(
        request,
        form,
        action,
        template=template,
        context={"project": project},
        done=done,
        address=_address(project),
    )


def _to_page(request: HttpRequest, project: Project) -> HttpResponse:
    return leave_for(request, _address(project))


def _address(project: Project) -> str:
    return reverse("projects:detail", args=[project.pk])
