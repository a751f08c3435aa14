"""Drafts of services: the wizard's four steps, kept at each of them (guide, 暂存)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.limits import limit
from lyceum.serving import probes
from lyceum.serving.actions import _fields
from lyceum.serving.actions._locks import lock_draft, lock_project
from lyceum.serving.bundles import chosen_files
from lyceum.serving.kinds import look, recognise_as
from lyceum.serving.models import Draft, Revision
from lyceum.serving.queries import notebook_project, owned_draft, owned_service

_MODEL = ("files", "kind", "main_program", "params_file")


def create_draft(user: User, project_id: int, *, service_id: int | None = None) -> Draft:
    """A new draft for a notebook project of ``user``'s; with ``service_id``, one that
    begins with what that service of the project serves.

    Raises ``NotFound``, ``Forbidden``, ``Conflict`` (no notebook project, or as many
    drafts as a project may have).
    """
    project = notebook_project(user, project_id)
    fields: dict[str, Any] = {}
    if service_id is not None:
        service = owned_service(user, service_id)
        fields = {"name": service.name, **_of_revision(service.revision)}
    with transaction.atomic():
        lock_project(project.pk)
        most = limit("serving_drafts")
        if Draft.objects.filter(project=project).count() >= most:
            sentence = _("A project has at most %(count)d drafts. Delete one of them.")
            raise Conflict("draft_limit", sentence % {"count": most})
        return Draft.objects.create(project=project, **fields)


def save_draft(
    user: User,
    draft_id: int,
    *,
    step: int | None = None,
    name: str | None = None,
    files: Sequence[str] | None = None,
    kind: str | None = None,
    main_program: str | None = None,
    params_file: str | None = None,
    inputs: Sequence[dict[str, Any]] | None = None,
    outputs: Sequence[dict[str, Any]] | None = None,
    use_converter: bool | None = None,
    converter: str | None = None,
    sample: dict[str, Any] | None = None,
) -> Draft:
    """Keep what is given, leave the rest (guide, 暂存); it need not be complete or valid,
    see :func:`lyceum.serving.checking.check_step`.

    Choosing other files finds the main program, its kind and its parameters among them
    where these are not given; an inspection of another model is forgotten. Raises
    ``NotFound`` and ``DomainError`` about what can't be kept at all: a path out of the
    folder, too many files or fields, a converter or a name that is too long.
    """
    owned_draft(user, draft_id)
    given: dict[str, Any] = {}
    if step is not None:
        given["step"] = _fields.clean_step(step)
    if name is not None:
        given["name"] = _fields.clean_name(name)
    if files is not None:
        given["files"] = _fields.clean_files(files)
    if kind is not None:
        given["kind"] = _fields.clean_kind(kind)
    if main_program is not None:
        given["main_program"] = main_program and _fields.clean_path(main_program, "main_program")
    if params_file is not None:
        given["params_file"] = params_file and _fields.clean_path(params_file, "params_file")
    if inputs is not None:
        given["inputs"] = _fields.clean_typed_fields(inputs, "inputs")
    if outputs is not None:
        given["outputs"] = _fields.clean_typed_fields(outputs, "outputs")
    if use_converter is not None:
        given["use_converter"] = use_converter
    if converter is not None:
        given["converter"] = _fields.clean_converter(converter)
    if sample is not None:
        given["sample"] = _fields.clean_sample(sample)
    return _store(draft_id, given)


def delete_draft(user: User, draft_id: int) -> None:
    """Give a draft up, with what is being tried for it."""
    draft = owned_draft(user, draft_id)
    draft.delete()
    probes.forget(draft.inspection)
    probes.forget(draft.trial)


def _store(draft_id: int, given: dict[str, Any]) -> Draft:
    forgotten: dict[str, Any] = {}
    with transaction.atomic():
        draft = lock_draft(draft_id)
        before = [getattr(draft, name) for name in _MODEL]
        for field, value in given.items():
            setattr(draft, field, value)
        if any(name in given for name in _MODEL):
            _complete(draft, given)
        if before != [getattr(draft, name) for name in _MODEL]:
            forgotten, draft.inspection = draft.inspection, {}
        draft.save()
    probes.forget(forgotten)
    return draft


def _complete(draft: Draft, given: dict[str, Any]) -> None:
    """Find what was not said about the model."""
    files = chosen_files(draft.project_id, draft.files)
    paths = [each.path for each in files]
    models, _hints = look(draft.project_id, files)
    if "main_program" not in given and draft.main_program not in paths:
        draft.main_program = models[0].main_program if models else ""
    named = (each for each in models if each.main_program == draft.main_program)
    seen = next(named, None) or recognise_as(draft.main_program, paths)
    if not given.get("kind") and seen is not None:
        draft.kind = seen.kind
    if "params_file" not in given:
        kept = draft.params_file if draft.params_file in paths else ""
        draft.params_file = seen.params_file if seen is not None else kept


def _of_revision(revision: Revision) -> dict[str, Any]:
    """The fields of a draft that would make this revision again."""
    spec = revision.spec
    return {
        "files": revision.files,
        "kind": spec["kind"],
        "main_program": spec["main_program"].removeprefix("model/"),
        "params_file": spec["params_file"].removeprefix("model/"),
        "inputs": spec["inputs"],
        "outputs": spec["outputs"],
        "use_converter": spec["converter"],
        "converter": revision.converter,
        "sample": revision.sample,
    }
