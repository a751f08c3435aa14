"""What the pages of prediction services read from a request; the rules are the actions' own."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from lyceum.limits import limit
from lyceum.serving.fields import MOST_FIELDS, NUMBERS

_TEXTS = ("name", "type", "default", "minimum", "maximum", "description")


class NameForm(forms.Form):
    """The wizard's last step."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        required=False,
        help_text=_("Shown in lists and in the service's API description."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SettingsForm(forms.Form):
    """How a service behaves."""

    name = forms.CharField(label=_("Name"), max_length=100)
    wake_on_call = forms.BooleanField(
        label=_("A call wakes the service when it is paused"),
        required=False,
        help_text=_("The first call then waits until the model is loaded, up to a minute."),
    )
    redact_errors = forms.BooleanField(
        label=_("Keep no inputs of failed calls"),
        required=False,
        help_text=_("Errors are then listed without what was sent."),
    )
    replicas_min = forms.IntegerField(label=_("Replicas at least"), min_value=1)
    replicas_max = forms.IntegerField(
        label=_("Replicas at most"),
        min_value=1,
        help_text=_("More replicas are started while calls have to queue."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("replicas_min", "replicas_max"):
            self.fields[name].widget.attrs["max"] = limit("serving_replicas_max")


class RateForm(forms.Form):
    """How often a key may be used."""

    rate_per_minute = forms.IntegerField(
        label=_("Calls a minute at most"),
        min_value=1,
        help_text=_("Calls beyond this are refused with the status 429."),
    )


class KeyForm(RateForm):
    """A new key."""

    field_order = ["name", "rate_per_minute"]

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("Who or what calls with it, so that you can tell keys apart."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A declared parameter as the table shows it: every cell a text."""

    index: int
    name: str
    type: str
    required: bool
    default: str
    minimum: str
    maximum: str
    description: str
    errors: dict[str, str]


def typed_fields(data: QueryDict, where: str) -> list[dict[str, Any]]:
    """The parameters in a table that was sent; ``where`` is ``inputs`` or ``outputs``.

    Cells are ``inputs.name`` and so on, once a row; ``inputs.required`` holds the numbers
    of its checked rows. Values that are not of their type stay text, for
    :func:`lyceum.serving.fields.checked_fields` to say so. A row without any text is none.
    """
    columns = {key: data.getlist(f"{where}.{key}") for key in _TEXTS}
    checked = set(data.getlist(f"{where}.required"))
    has_required = f"{where}.minimum" in data
    fields = []
    for index in range(min(len(columns["name"]), MOST_FIELDS + 1)):
        row = {key: _cell(columns[key], index) for key in _TEXTS}
        if not any(row[key] for key in _TEXTS if key != "type"):
            continue
        kind = row["type"]
        fields.append(
            {
                "name": row["name"],
                "type": kind,
                "required": str(index) in checked if has_required else True,
                "default": _typed(row["default"], kind),
                "minimum": _typed(row["minimum"], "float"),
                "maximum": _typed(row["maximum"], "float"),
                "description": row["description"],
            }
        )
    return fields


def field_rows(
    fields: list[dict[str, Any]], where: str, *, error: tuple[str, str] | None = None
) -> list[FieldRow]:
    """The table's rows; ``error`` is a place such as ``inputs[2].default`` and what is wrong."""
    rows = []
    for index, each in enumerate(fields):
        prefix = f"{where}[{index}]."
        errors = {}
        if error and error[0].startswith(prefix):
            errors = {error[0].removeprefix(prefix): error[1]}
        rows.append(
            FieldRow(
                index=index,
                name=str(each.get("name") or ""),
                type=str(each.get("type") or "float"),
                required=each.get("required") is not False,
                default=_shown(each.get("default"), str(each.get("type"))),
                minimum=_shown(each.get("minimum"), "float"),
                maximum=_shown(each.get("maximum"), "float"),
                description=str(each.get("description") or ""),
                errors=errors,
            )
        )
    return rows


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object that ``text`` is; ``None`` when it is none (or has NaN in it)."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _cell(column: list[str], index: int) -> str:
    return column[index].strip() if index < len(column) else ""


def _typed(text: str, kind: str) -> Any:
    if not text:
        return None
    if kind == "string":
        return text
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text
    if kind == "float" and isinstance(value, float) and not math.isfinite(value):
        return text
    return value


def _shown(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and (kind == "string" or kind in NUMBERS):
        return value
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
