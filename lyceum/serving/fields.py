"""The inputs and outputs that a service declares: what a field is, checked and prefilled.

A field is ``{"name", "type", "required", "default", "minimum", "maximum", "description"}``;
``default``, ``minimum`` and ``maximum`` are ``None`` where there is none. A model's own
input or output, as its inspection found it, is ``{"name", "dtype", "shape"}`` with -1 for
an axis of any length; ``dtype`` is empty and ``shape`` ``None`` where the model does not
say, and the input of one that was fitted on a table has ``columns``, their names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError

TYPES = ("float", "integer", "boolean", "string", "array", "object")
NUMBERS = ("float", "integer")
MOST_FIELDS = 200
LONGEST_NAME = 100
LONGEST_DESCRIPTION = 300
_KEYS = ("name", "type", "required", "default", "minimum", "maximum", "description")
_MOST_EXAMPLE_VALUES = 1000


def field(name: str, kind: str = "float", **more: Any) -> dict[str, Any]:
    """A field with everything in its place; ``more`` are others of its keys."""
    plain = {"required": True, "default": None, "minimum": None, "maximum": None}
    return {"name": name, "type": kind, **plain, "description": "", **more}


def checked_fields(fields: Sequence[dict[str, Any]], where: str) -> list[dict[str, Any]]:
    """The fields as a service keeps them; ``where`` is ``inputs`` or ``outputs``.

    Raises ``DomainError`` at the first that is wrong (``inputs[2].default``): no name or
    one that is too long, twice the same, an unknown type, a default or a bound of another
    type, a default beyond the bounds.
    """
    if len(fields) > MOST_FIELDS:
        sentence = _("A service has at most %(count)d parameters.") % {"count": MOST_FIELDS}
        raise DomainError("too_many_fields", sentence, field=where)
    names: set[str] = set()
    kept = []
    for index, raw in enumerate(fields):
        each = _checked(raw, f"{where}[{index}]")
        if each["name"] in names:
            sentence = _("There are two parameters with the name “%(name)s”.")
            raise DomainError(
                "duplicate_name", sentence % {"name": each["name"]}, field=f"{where}[{index}].name"
            )
        names.add(each["name"])
        kept.append(each)
    return kept


def fits(value: Any, kind: str) -> bool:
    """Whether a JSON value is of a field's type; a whole number is a float too."""
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in NUMBERS:
        return _is_number(value) and (kind == "float" or isinstance(value, int))
    return isinstance(value, {"string": str, "array": list, "object": dict}[kind])


def prefilled(tensors: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fields for a model's own inputs or outputs, which it can be called with as it is.

    A model that was fitted on a table gets a number for each of its columns.
    """
    columns = tensors[0].get("columns") if len(tensors) == 1 else None
    if columns and all(columns) and len(set(columns)) == len(columns):
        return [field(name) for name in columns]
    return [_of_tensor(tensor) for tensor in tensors[:MOST_FIELDS]]


def example(
    fields: Sequence[dict[str, Any]], tensors: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """A request that fits the fields: their defaults, else the least value that is allowed.

    The fields may be as they were typed. ``tensors`` are the model's inputs; an array of one
    of their names gets its shape.
    """
    shapes = {tensor.get("name"): tensor.get("shape") for tensor in tensors}
    named = ((str(each.get("name") or ""), each) for each in fields)
    return {name: _example(each, shapes.get(name)) for name, each in named}


def _checked(raw: dict[str, Any], place: str) -> dict[str, Any]:
    each = {key: raw.get(key) for key in _KEYS}
    name = each["name"] = " ".join(str(each["name"] or "").split())
    if not name:
        raise DomainError("required", _("The parameter needs a name."), field=f"{place}.name")
    if len(name) > LONGEST_NAME:
        sentence = _("At most %(count)d characters, please.") % {"count": LONGEST_NAME}
        raise DomainError("too_long", sentence, field=f"{place}.name")
    if not name.isprintable():
        sentence = _("The name has characters that can't be typed.")
        raise DomainError("bad_name", sentence, field=f"{place}.name")
    if each["type"] not in TYPES:
        sentence = _("“%(type)s” is no type; choose one of %(types)s.")
        shown = {"type": str(each["type"])[:40], "types": ", ".join(TYPES)}
        raise DomainError("no_such_type", sentence % shown, field=f"{place}.type")
    each["required"] = each["required"] is not False
    each["description"] = " ".join(str(each["description"] or "").split())
    if len(each["description"]) > LONGEST_DESCRIPTION:
        sentence = _("At most %(count)d characters, please.") % {"count": LONGEST_DESCRIPTION}
        raise DomainError("too_long", sentence, field=f"{place}.description")
    _check_bounds(each, place)
    _check_default(each, place)
    return each


def _check_bounds(each: dict[str, Any], place: str) -> None:
    for bound in ("minimum", "maximum"):
        if each[bound] is None:
            continue
        if each["type"] not in NUMBERS:
            sentence = _("Only numbers have a range.")
            raise DomainError("no_range", sentence, field=f"{place}.{bound}")
        if not _is_number(each[bound]):
            raise DomainError("not_a_number", _("A number, please."), field=f"{place}.{bound}")
    low, high = each["minimum"], each["maximum"]
    if low is not None and high is not None and low > high:
        sentence = _("The range ends before it begins.")
        raise DomainError("empty_range", sentence, field=f"{place}.maximum")


def _check_default(each: dict[str, Any], place: str) -> None:
    default = each["default"]
    if default is None:
        return
    if not fits(default, each["type"]):
        sentence = _("The default value of “%(name)s” is not of the type %(type)s.")
        raise DomainError("default_type", sentence % each, field=f"{place}.default")
    low, high = each["minimum"], each["maximum"]
    if (low is not None and default < low) or (high is not None and default > high):
        sentence = _("The default value of “%(name)s” is out of its range.")
        raise DomainError("default_range", sentence % each, field=f"{place}.default")


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def _of_tensor(tensor: dict[str, Any]) -> dict[str, Any]:
    shape, dtype = tensor.get("shape"), str(tensor.get("dtype") or "")
    described = dtype
    kind = "array"
    if shape is not None:
        described = f"{dtype} [{', '.join(str(axis) for axis in shape)}]".strip()
        if all(axis in (-1, 1) for axis in shape) and len(shape) <= 2:
            kind = _type_of_dtype(dtype)
    return field(str(tensor.get("name", "")), kind, description=described)


def _type_of_dtype(dtype: str) -> str:
    if dtype.startswith("bool"):
        return "boolean"
    if dtype.startswith(("int", "uint")):
        return "integer"
    return "float" if dtype.startswith(("float", "double", "bfloat")) else "string"


def _example(each: dict[str, Any], shape: Sequence[int] | None) -> Any:
    if each.get("default") is not None:
        return each["default"]
    kind = each.get("type")
    if kind in NUMBERS:
        low, high = each.get("minimum"), each.get("maximum")
        value = low if _is_number(low) else min(0, high) if _is_number(high) else 0
        return math.ceil(value) if kind == "integer" else value
    if kind == "array":
        return _zeros(shape) if shape else []
    return {"boolean": False, "string": "", "object": {}}.get(str(kind))


def _zeros(shape: Sequence[int]) -> Any:
    """Zeros of a shape, an axis of any length being 1 long and the first one left out
    where it is the batch's; one value an axis where that would be very many."""
    axes = [axis if axis > 0 else 1 for axis in (shape[1:] if shape[0] == -1 else shape)]
    if math.prod(axes) > _MOST_EXAMPLE_VALUES:
        axes = [1] * len(axes)
    value: Any = 0
    for axis in reversed(axes):
        value = [value for _i in range(axis)]
    return value if axes else [value]
