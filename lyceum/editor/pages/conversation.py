"""What the editor's script asks and says: the session, drafts, files, datasets, versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from lyceum.common.errors import NotFound
from lyceum.datasets.queries import folder_of
from lyceum.editor import actions, queries, rules
from lyceum.editor.actions.drafts import digest
from lyceum.editor.pages.answers import (
    drafts,
    line,
    lines,
    number,
    posts,
    reads,
    token_of,
    writes,
)
from lyceum.projects.models import Project
from lyceum.projects.queries import dataset_uses, owned_project
from lyceum.projects.workfolder import shown


@writes
def begin(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Let this tab edit; ``take_over`` from another. What there is to edit."""
    session = actions.open_session(
        request.user,
        project_id,
        token=token_of(request),
        take_over=body.get("take_over") is True,
    )
    project = owned_project(request.user, project_id)
    kept = [
        {"path": draft.path, "text": draft.text, "base": draft.base}
        for draft in queries.drafts_of(project)
    ]
    return {"token": session.token, "drafts": kept, **_files(project)}


@writes
def keep(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Drafts of what was typed, or just a sign of life."""
    actions.keep_drafts(
        request.user,
        project_id,
        token=token_of(request),
        drafts=drafts(body, "drafts"),
        dropped=lines(body, "dropped"),
    )
    return {}


@writes
def leave(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """The tab is closed."""
    actions.leave(request.user, project_id, token=token_of(request), drafts=drafts(body, "drafts"))
    return {}


@writes
def save(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Save the files that were changed; of each what it is now."""
    saved = actions.save_files(
        request.user, project_id, token=token_of(request), files=drafts(body, "files")
    )
    listed = [
        {"path": each.path, "hash": each.hash, "conflict": each.is_conflict} for each in saved
    ]
    return {"saved": listed, **_files(owned_project(request.user, project_id))}


@writes
def new_file(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """An empty file."""
    return _at_path(actions.new_file, request, body, project_id)


@writes
def new_folder(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """A folder."""
    return _at_path(actions.new_folder, request, body, project_id)


@writes
def move(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Another name or folder for a file or folder."""
    project = actions.move(
        request.user,
        project_id,
        token=token_of(request),
        path=line(body, "path"),
        new_path=line(body, "new_path"),
    )
    return _files(project)


@writes
def remove(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Delete a file or folder."""
    return _at_path(actions.remove, request, body, project_id)


@writes
def main_file(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Make a file the one that tasks run."""
    return _at_path(actions.set_main_file, request, body, project_id)


@posts
def upload(request: HttpRequest, project_id: int) -> dict[str, Any]:
    """The body is a file's bytes, for ``?path=``; with ``?replace=1`` in another's place."""
    actions.upload(
        request.user,
        project_id,
        token=token_of(request),
        path=line(request.GET.dict(), "path"),
        data=request.read(rules.upload_bytes() + 1),
        replace=bool(request.GET.get("replace")),
    )
    return _files(owned_project(request.user, project_id))


@writes
def submit(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Save a version and run it; where its task is."""
    task = actions.submit(
        request.user,
        project_id,
        token=token_of(request),
        note=line(body, "note", ""),
        trainers=number(body, "trainers"),
        pservers=number(body, "pservers", 0) or 0,
        cpus=number(body, "cpus", 1) or 0,
        gpus=number(body, "gpus", 0) or 0,
        time_limit_minutes=number(body, "minutes"),
    )
    return {"task": task.pk, "url": reverse("tasks:task", args=[task.pk])}


@writes
def restore(request: HttpRequest, body: dict[str, Any], project_id: int) -> dict[str, Any]:
    """All files of a version back in the place of the present ones."""
    actions.restore(
        request.user,
        project_id,
        token=token_of(request),
        number=number(body, "number") or 0,
    )
    return _files(owned_project(request.user, project_id))


@reads
def text(request: HttpRequest, project_id: int) -> dict[str, Any]:
    """The text of the file ``?path=``."""
    project = owned_project(request.user, project_id)
    path = request.GET.get("path", "")
    found = queries.text_of(project, path)
    return {"path": path, "text": found, "hash": digest(found.encode())}


@reads
def tree(request: HttpRequest, project_id: int) -> dict[str, Any]:
    """The files as they are now, for a tab that only looks too."""
    return _files(owned_project(request.user, project_id))


@reads
def version(request: HttpRequest, project_id: int, number: int) -> dict[str, Any]:
    """What opening version ``number`` would change."""
    code = queries.code_of_version(owned_project(request.user, project_id), number)
    return {
        "number": code.version.number,
        "texts": [{"path": path, "text": text} for path, text in code.texts.items()],
        "others": code.others,
        "extra": code.extra,
    }


@reads
def dataset(request: HttpRequest, project_id: int, dataset_id: int) -> dict[str, Any]:
    """A folder of a dataset of the project: ``?path=``, from ``?after=`` on."""
    project = owned_project(request.user, project_id)
    uses = dataset_uses(request.user, project)
    use = next((each for each in uses if each.link.dataset_id == dataset_id), None)
    if use is None or use.lost:
        raise NotFound("no_such_dataset", str(dataset_id))
    folder = folder_of(
        use.link.version, request.GET.get("path", ""), after=request.GET.get("after", "")
    )
    return {
        "folders": folder.folders,
        "files": [{"path": file.path, "size": file.size} for file in folder.files],
        "next": folder.next,
    }


def _at_path(
    action: Callable[..., object], request: HttpRequest, body: dict[str, Any], project_id: int
) -> dict[str, Any]:
    """Do what concerns one path; the files then."""
    action(request.user, project_id, token=token_of(request), path=line(body, "path"))
    return _files(owned_project(request.user, project_id))


def _files(project: Project) -> dict[str, Any]:
    found = queries.tree_of(project)
    return {
        "main_file": project.main_file,
        "is_cut": found.is_cut,
        "entries": [
            {
                "path": entry.path if entry.is_addressable else "",
                "folder": shown(entry.path.rpartition("/")[0]),
                "name": entry.shown_name,
                "kind": entry.kind,
                "size": entry.size,
            }
            for entry in found.entries
        ],
    }
