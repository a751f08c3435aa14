"""Loading a draft's model, and trying its converter: begun here, looked at until done."""

from __future__ import annotations

from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _

from lyceum import environments
from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, Unavailable
from lyceum.engine.base import EngineError
from lyceum.notebooks.sentences import environment_obstacle
from lyceum.serving import probes
from lyceum.serving.actions import _fields
from lyceum.serving.actions._locks import lock_draft
from lyceum.serving.checking import check_converter, check_fields, check_model, check_sample
from lyceum.serving.fields import example, prefilled
from lyceum.serving.kinds import serves
from lyceum.serving.models import Draft, ModelKind
from lyceum.serving.queries import owned_draft
from lyceum.serving.spec import spec_of

_MOST_AT_ONCE = 2

_What = Literal["inspection", "trial"]


def begin_inspection(user: User, draft_id: int) -> Draft:
    """Load the draft's model in its project's environment; ask :func:`finish_inspection`
    until ``draft.inspection["state"]`` is no longer ``running``.

    Raises ``NotFound``, ``DomainError`` about the files or the main program, ``Conflict``
    while two others of the user's are at work, ``Unavailable`` where the environment is
    not there (yet) or the sandbox can't be started.
    """
    draft = owned_draft(user, draft_id)
    files = check_model(draft).files
    _check_serves(draft)
    _check_possible(user, draft.project.environment)
    probe = _start("inspect", user, draft, files=files, spec=spec_of(draft))
    return _keep(draft, "inspection", probe)


def finish_inspection(user: User, draft_id: int) -> Draft:
    """The draft with its inspection as it is now; once the model has been loaded, inputs,
    outputs and a sample request that have not been filled in are taken from it."""
    return _finish(owned_draft(user, draft_id), "inspection")


def begin_trial(user: User, draft_id: int, *, sample: dict[str, Any] | None = None) -> Draft:
    """Run the converter and the model once on the draft's sample request, or on ``sample``,
    which it then keeps; ask :func:`finish_trial` for what came of it.

    Raises as :func:`begin_inspection`, and ``DomainError`` about inputs, outputs, converter
    or sample.
    """
    draft = owned_draft(user, draft_id)
    if sample is not None:
        draft.sample = _fields.clean_sample(sample)
    files = check_model(draft).files
    inputs, outputs = check_fields(draft)
    converter = check_converter(draft)
    values = check_sample(draft)
    _check_possible(user, draft.project.environment)
    spec = spec_of(draft, inputs=inputs, outputs=outputs, converter=bool(converter))
    probe = _start("try", user, draft, files=files, spec=spec, converter=converter, sample=values)
    return _keep(draft, "trial", probe, sample=sample)


def finish_trial(user: User, draft_id: int) -> Draft:
    """The draft with its trial as it is now."""
    return _finish(owned_draft(user, draft_id), "trial")


def check_environment(environment: str) -> None:
    """``Unavailable`` where this machine can't have the environment."""
    reason = environments.availability(environment).reason
    if reason is not None:
        sentence = environment_obstacle(reason)
        raise Unavailable("environment_unavailable", sentence, field="environment")


def _check_possible(user: User, environment: str) -> None:
    check_environment(environment)
    if not environments.availability(environment).built:
        sentence = _("The project's environment is not prepared yet. Run the project once.")
        raise Unavailable("environment_not_ready", sentence, field="environment")
    probes.tidy()
    if probes.running(user.pk) >= _MOST_AT_ONCE:
        sentence = _("Two models of yours are being loaded just now. Wait until one is done.")
        raise Conflict("probe_limit", sentence)


def _check_serves(draft: Draft) -> None:
    if not serves(draft.kind, draft.project.environment):
        sentence = _("The project's environment “%(environment)s” can't load a %(kind)s model.")
        shown = {"environment": draft.project.environment, "kind": ModelKind(draft.kind).label}
        raise DomainError("kind_not_served", sentence % shown, field="kind")


def _start(action: probes.Action, user: User, draft: Draft, **bundle: Any) -> dict[str, Any]:
    files = bundle.pop("files")
    environment = draft.project.environment
    try:
        return probes.start(
            action, draft.project_id, environment, files, user_id=user.pk, **bundle
        )
    except EngineError as error:
        raise Unavailable("sandbox_unavailable", str(error)) from error


def _keep(draft: Draft, what: _What, probe: dict[str, Any], **more: Any) -> Draft:
    """Remember what was begun; what was begun before it ends."""
    try:
        with transaction.atomic():
            locked = lock_draft(draft.pk)
            before = getattr(locked, what)
            setattr(locked, what, probe)
            changed = {name: value for name, value in more.items() if value is not None}
            for name, value in changed.items():
                setattr(locked, name, value)
            locked.save(update_fields=[what, "updated", *changed])
    except BaseException:
        probes.forget(probe)
        raise
    probes.forget(before)
    return locked


def _finish(draft: Draft, what: _What) -> Draft:
    began = getattr(draft, what)
    seen = probes.look(began)
    if began.get("state") != probes.RUNNING or seen["state"] == probes.RUNNING:
        return draft
    with transaction.atomic():
        locked = lock_draft(draft.pk)
        current = getattr(locked, what)
        # Another who asked has stored it meanwhile (its files are gone: what we have seen
        # may be that), or another one has begun.
        if current.get("state") != probes.RUNNING or current["run_id"] != began["run_id"]:
            return locked
        setattr(locked, what, seen)
        if what == "inspection" and seen["state"] == probes.DONE:
            _prefill(locked)
        locked.save()
    probes.forget(began)
    return locked


def _prefill(draft: Draft) -> None:
    own = draft.inspection.get("inputs", [])
    if not draft.inputs:
        draft.inputs = prefilled(own)
    if not draft.outputs:
        draft.outputs = prefilled(draft.inspection.get("outputs", []))
    if not draft.sample:
        draft.sample = example(draft.inputs, own)
