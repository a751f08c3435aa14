"""Whether a service can be made of a draft, one step of the wizard at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lyceum.common.errors import Conflict, DomainError
from lyceum.gateway.problems import Problem
from lyceum.gateway.schema import Field, Plan
from lyceum.projects.workfolder import Entry, shown
from lyceum.serving import probes
from lyceum.serving.bundles import model_files
from lyceum.serving.fields import checked_fields
from lyceum.serving.models import Draft, ModelKind

_FUNCTION = re.compile(r"\b(reader_infer|output)\b")


@dataclass(frozen=True, slots=True)
class Model:
    """A draft's model files as they are in the work folder now."""

    files: list[Entry]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(entry.size for entry in self.files)


def check_step(draft: Draft, step: int) -> None:
    """Raises ``DomainError`` about the field that keeps the wizard from leaving ``step``.

    Step 1: the files and the inspection of their model. Step 2: inputs and outputs.
    Step 3: the converter. Step 4: the name.
    """
    if step == 1:
        check_model(draft)
        check_inspection(draft)
    elif step == 2:
        check_fields(draft)
    elif step == 3:
        check_converter(draft)
    else:
        check_name(draft)


def check_model(draft: Draft) -> Model:
    """The files, which hold the main program and the parameters; see ``bundles.model_files``."""
    files = model_files(draft.project_id, draft.files)
    paths = {entry.path for entry in files}
    if not draft.main_program:
        sentence = _("Say which of the files is the main program.")
        raise DomainError("no_main_program", sentence, field="main_program")
    for field in ("main_program", "params_file"):
        path = getattr(draft, field)
        if path and path not in paths:
            sentence = _("“%(path)s” is not among the chosen files.") % {"path": shown(path)[:200]}
            raise DomainError("not_chosen", sentence, field=field)
    if draft.kind not in ModelKind.values:
        sentence = _("This is no kind of model that is known by its name. Say which it is.")
        raise DomainError("unknown_kind", sentence, field="kind")
    if draft.kind == ModelKind.PADDLE and not draft.params_file:
        sentence = _("A PaddlePaddle model needs its parameters (.pdiparams). Choose them too.")
        raise DomainError("no_params", sentence, field="params_file")
    return Model(files)


def check_inspection(draft: Draft) -> None:
    """The model has been loaded, and has told its inputs and outputs."""
    state = draft.inspection.get("state")
    if state == probes.RUNNING:
        sentence = _("The model is just being loaded. Wait until that is done.")
        raise Conflict("inspection_running", sentence, field="inspection")
    if state == probes.FAILED:
        sentence = _("The model can't be loaded: see what the loader said.")
        raise DomainError("inspection_failed", sentence, field="inspection")
    if state != probes.DONE:
        sentence = _("Let the model be loaded first.")
        raise DomainError("not_inspected", sentence, field="inspection")


def check_fields(draft: Draft) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The inputs and outputs as a service keeps them; see ``fields.checked_fields``."""
    if not draft.inputs:
        sentence = _("A service needs at least one input.")
        raise DomainError("no_inputs", sentence, field="inputs")
    return checked_fields(draft.inputs, "inputs"), checked_fields(draft.outputs, "outputs")


def check_converter(draft: Draft) -> str:
    """The converter, empty for none; whether it works is what trying it tells.

    Without one, the model must be able to take the declared inputs as they are: each of
    its inputs has a field of its name, or it has one input and all fields are numbers.
    """
    if draft.use_converter:
        if not draft.converter.strip():
            sentence = _("Write the converter, or choose to do without one.")
            raise DomainError("no_converter", sentence, field="converter")
        if not _FUNCTION.search(draft.converter):
            sentence = _("The converter has neither a function reader_infer nor output.")
            raise DomainError("no_functions", sentence, field="converter")
        return draft.converter
    tensors = draft.inspection.get("inputs") or []
    names = {str(each.get("name")) for each in draft.inputs}
    missing = [tensor["name"] for tensor in tensors if tensor["name"] not in names]
    numeric = all(each.get("type") in ("float", "integer", "boolean") for each in draft.inputs)
    if missing and not (len(tensors) == 1 and numeric):
        sentence = _(
            "Without a converter the model needs an input for each of its own; there is none "
            "with the name “%(name)s”."
        )
        raise DomainError("not_direct", sentence % {"name": missing[0]}, field="inputs")
    return ""


def check_name(draft: Draft) -> None:
    if not draft.name:
        raise DomainError("required", _("Give the service a name."), field="name")


def check_sample(draft: Draft) -> dict[str, Any]:
    """The sample request as a call would reach the converter: checked, with its defaults."""
    inputs = checked_fields(draft.inputs, "inputs")
    plan = Plan(msgspec.convert(inputs, list[Field]), most=1)
    try:
        return plan.arguments(draft.sample)
    except Problem as problem:
        sentence = problem.sentence((get_language() or "").startswith("zh"))
        raise DomainError(problem.code, sentence, field="sample") from None
