"""创建预测服务: the wizard of four steps, kept at each of them (暂存)."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from lyceum.common.errors import DomainError
from lyceum.projects.choices import environment_label
from lyceum.serving import actions, probes, queries
from lyceum.serving.checking import check_step
from lyceum.serving.fields import TYPES, example, field, prefilled
from lyceum.serving.forms import NameForm, field_rows, json_object, typed_fields
from lyceum.serving.models import Draft
from lyceum.serving.pages.access import draft_of
from lyceum.serving.pages.new_key import show_key
from lyceum.serving.pages.shown import pretty, trial_context
from lyceum.serving.pages.templates import converter_templates
from lyceum.serving.pages.tree import (
    files_of_model,
    model_choice,
    same_files,
    tree_of,
    without_parts,
)

UNPROCESSABLE = 422
TITLES = {
    1: gettext_lazy("Model files"),
    2: gettext_lazy("Inputs and outputs"),
    3: gettext_lazy("Converter"),
    4: gettext_lazy("Deploy"),
}
_SEPARATORS = re.compile(r"[\s,，、;；]+")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, project_id: int, draft_id: int, step: int) -> HttpResponse:
    """One step; POST keeps what was typed and does what its button ``do`` says: ``save``,
    ``back``, ``next``, or something of the step's own."""
    if step not in TITLES:
        raise Http404
    draft = draft_of(request, project_id, draft_id)
    if request.method != "POST":
        return _page(request, draft, step)
    try:
        draft = _KEEP[step](request, draft)
    except DomainError as refusal:
        return _page(request, draft, step, refusal=refusal)
    return _go(request, draft, step)


def _go(request: HttpRequest, draft: Draft, step: int) -> HttpResponse:
    button = request.POST.get("do", "save")
    if button == "save":
        messages.success(request, _("Saved to the drafts."))
        return redirect("serving:draft", draft.project_id, draft.pk, step)
    if button == "back":
        return _to(request, draft, max(step - 1, 1))
    if button not in ("next", "deploy"):
        return _OWN[step](request, draft, button)
    try:
        if step == 1 and draft.inspection.get("state") != probes.DONE:
            return _check_model(request, draft)
        check_step(draft, step)
        if button == "deploy":
            return _deploy(request, draft)
    except DomainError as refusal:
        return _page(request, draft, step, refusal=refusal)
    return _to(request, draft, min(step + 1, 4))


def _to(request: HttpRequest, draft: Draft, step: int) -> HttpResponse:
    actions.save_draft(request.user, draft.pk, step=step)
    return redirect("serving:draft", draft.project_id, draft.pk, step)


def _keep_model(request: HttpRequest, draft: Draft) -> Draft:
    files = without_parts(request.POST.getlist("files"))
    if same_files(draft.project_id, files, draft.files):
        files = draft.files  # said in another way, a folder or all in it: the same model
    return actions.save_draft(
        request.user,
        draft.pk,
        step=1,
        files=files,
        main_program=request.POST.get("main_program") or None,
        kind=request.POST.get("kind") or None,
        params_file=request.POST.get("params_file") or None,
    )


def _keep_fields(request: HttpRequest, draft: Draft) -> Draft:
    return actions.save_draft(
        request.user,
        draft.pk,
        step=2,
        inputs=typed_fields(request.POST, "inputs"),
        outputs=typed_fields(request.POST, "outputs"),
    )


def keep_converter(request: HttpRequest, draft: Draft) -> Draft:
    """What the third step has: with a converter or without, its text, the sample request.

    Raises ``DomainError`` (field ``sample``) when the sample is no JSON object; the rest
    is kept all the same.
    """
    typed = request.POST.get("sample", "").strip()
    sample = json_object(typed) if typed else {}
    draft = actions.save_draft(
        request.user,
        draft.pk,
        step=3,
        use_converter=request.POST.get("use_converter") != "no",
        converter=request.POST.get("converter", ""),
        sample=sample,
    )
    if sample is None:
        sentence = _('The sample request must be a JSON object, such as {"x": 1}.')
        raise DomainError("not_an_object", sentence, field="sample")
    return draft


def _keep_name(request: HttpRequest, draft: Draft) -> Draft:
    return actions.save_draft(request.user, draft.pk, step=4, name=request.POST.get("name", ""))


_KEEP = {1: _keep_model, 2: _keep_fields, 3: keep_converter, 4: _keep_name}


def _own_model(request: HttpRequest, draft: Draft, button: str) -> HttpResponse:
    """``check``, or ``pick:<main program>`` to choose a model that was found."""
    try:
        if button.startswith("pick:"):
            main = button.removeprefix("pick:")
            paths = [each.main_program for each in tree_of(draft).models]
            if main in paths:
                draft = _pick(request, draft, main)
        return _check_model(request, draft)
    except DomainError as refusal:
        return _page(request, draft, 1, refusal=refusal)


def _pick(request: HttpRequest, draft: Draft, main: str) -> Draft:
    found = next(each for each in tree_of(draft).models if each.main_program == main)
    return actions.save_draft(
        request.user, draft.pk, files=files_of_model(found), main_program=main, kind=found.kind
    )


def _check_model(request: HttpRequest, draft: Draft) -> HttpResponse:
    actions.begin_inspection(request.user, draft.pk)
    return redirect("serving:draft", draft.project_id, draft.pk, 1)


def _own_fields(request: HttpRequest, draft: Draft, button: str) -> HttpResponse:
    """``add:inputs``, ``remove:inputs:2``, ``many`` (names to add), ``prefill``."""
    what, _colon, rest = button.partition(":")
    where, _colon, number = rest.partition(":")
    tables = {"inputs": list(draft.inputs), "outputs": list(draft.outputs)}
    added = None
    if what == "add" and where in tables:
        tables[where].append(field(""))
        added = (where, len(tables[where]) - 1)
    elif what == "remove" and where in tables and number.isdecimal():
        del tables[where][int(number) : int(number) + 1]
    elif what == "many":
        known = {each.get("name") for each in tables["inputs"]}
        names = dict.fromkeys(_SEPARATORS.split(request.POST.get("many", "").strip()))
        tables["inputs"] += [field(name) for name in names if name and name not in known]
    elif what == "prefill":
        found = draft.inspection
        tables = {key: prefilled(found.get(key) or []) for key in tables}
    try:
        draft = actions.save_draft(request.user, draft.pk, **tables)
    except DomainError as refusal:
        return _page(request, draft, 2, refusal=refusal)
    return _page(request, draft, 2, added=added)


def _own_other(request: HttpRequest, draft: Draft, button: str) -> HttpResponse:
    return redirect("serving:draft", draft.project_id, draft.pk, draft.step)


_OWN = {1: _own_model, 2: _own_fields, 3: _own_other, 4: _own_other}


def _deploy(request: HttpRequest, draft: Draft) -> HttpResponse:
    deployed = actions.deploy_draft(request.user, draft.pk)
    text = _("“%(name)s” is being deployed.")
    messages.success(request, text % {"name": deployed.service.name})
    return show_key(request, deployed.service, deployed.plain_key)


def _page(
    request: HttpRequest,
    draft: Draft,
    step: int,
    *,
    refusal: DomainError | None = None,
    **more: Any,
) -> HttpResponse:
    shown = {
        "draft": draft,
        "project": draft.project,
        "step": step,
        "steps": [
            (number, title, number <= max(draft.step, step)) for number, title in TITLES.items()
        ],
        "refusal": refusal,
        **_CONTEXT[step](request, draft, refusal),
        **more,
    }
    status = UNPROCESSABLE if refusal else 200
    return render(request, f"serving/step_{step}.html", shown, status=status)


def _model_context(
    request: HttpRequest, draft: Draft, refusal: DomainError | None
) -> dict[str, Any]:
    tree = tree_of(draft)
    return {
        "tree": tree,
        "inspection": draft.inspection,
        "choice": model_choice(
            draft.project_id,
            draft.files,
            main_program=draft.main_program,
            kind=draft.kind,
            params_file=draft.params_file,
        ),
    }


def _fields_context(
    request: HttpRequest, draft: Draft, refusal: DomainError | None
) -> dict[str, Any]:
    error = (refusal.field or "", refusal.message) if refusal else None
    return {
        "tables": [
            ("inputs", field_rows(draft.inputs, "inputs", error=error)),
            ("outputs", field_rows(draft.outputs, "outputs", error=error)),
        ],
        "types": TYPES,
        "inspection": draft.inspection,
    }


def _converter_context(
    request: HttpRequest, draft: Draft, refusal: DomainError | None
) -> dict[str, Any]:
    posted = request.POST if request.method == "POST" else None
    sample = draft.sample or example(draft.inputs, draft.inspection.get("inputs") or [])
    templates = converter_templates(draft)
    use = posted.get("use_converter") != "no" if posted else draft.use_converter
    text = posted.get("converter", "") if posted else draft.converter
    return {
        "use_converter": use,
        "converter": text or templates[0].text,
        "sample": posted.get("sample", "") if posted else pretty(sample),
        "templates": templates,
        "trial": draft.trial,
        **trial_context(draft.trial),
    }


def _name_context(
    request: HttpRequest, draft: Draft, refusal: DomainError | None
) -> dict[str, Any]:
    typed = request.POST.get("name", "") if request.method == "POST" else draft.name
    form = NameForm({"name": typed}) if refusal else NameForm(initial={"name": typed})
    if refusal and refusal.field == "name":
        form.add_error("name", refusal.message)
    return {
        "form": form,
        "places": queries.sandbox_places(draft.project),
        "environment_label": environment_label(draft.project.environment),
        "choice": model_choice(
            draft.project_id,
            draft.files,
            main_program=draft.main_program,
            kind=draft.kind,
            params_file=draft.params_file,
        ),
    }


_CONTEXT = {1: _model_context, 2: _fields_context, 3: _converter_context, 4: _name_context}
