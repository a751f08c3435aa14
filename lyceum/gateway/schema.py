"""Bodies of calls against a service's declared parameters.

A `Plan` is made once for each version of a service: one small function a parameter, so
that a call does no more than it must. ``most`` is how long a batch may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from lyceum.gateway.fields import Field
from lyceum.gateway.problems import Problem
from lyceum.gateway.quick import Quick

_MISSING = object()
_BOM = b"\xef\xbb\xbf"

Arguments = dict[str, Any]


class Plan:
    """Reads bodies of one service: `read` gives the arguments of each of its runs."""

    def __init__(self, fields: Sequence[Field], most: int) -> None:
        fields = list({field.name: field for field in fields}.values())
        self._fields = [(field.name, _check(field), _otherwise(field)) for field in fields]
        self._known = {field.name for field in fields}
        self._most = most
        self._quick = _quick(fields)

    def read(self, body: bytes) -> tuple[list[bytes], bool]:
        """The arguments, as JSON objects with defaults filled in, and whether it is a batch.

        Raises `Problem` for what is no JSON, too long a batch, or wrong parameters.
        """
        if self._quick and (arguments := self._quick.read(body)):
            return [arguments], False
        found = self.decode(body)
        if isinstance(found, dict):
            return [msgspec.json.encode(self.arguments(found))], False
        if not isinstance(found, list):
            raise Problem("wrong_type", says="not_an_object")
        if len(found) > self._most:
            raise Problem("batch_too_long", limit=self._most)
        return [self._item(item, place) for place, item in enumerate(found)], True

    @staticmethod
    def decode(body: bytes) -> Any:
        """The body as Python has it.

        Raises `Problem` when it is no JSON, NaN, Infinity and 1e999 included.
        """
        try:
            return msgspec.json.decode(body.removeprefix(_BOM))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Problem("bad_json") from None

    def arguments(self, given: Arguments) -> Arguments:
        """The arguments in declared order, each of its type and within its bounds.

        Raises `Problem` for the first parameter that is not so.
        """
        made: Arguments = {}
        seen = 0
        for name, check, otherwise in self._fields:
            value = given.get(name, _MISSING)
            if value is not _MISSING:
                seen += 1
            if value is _MISSING or (value is None and otherwise is not _MISSING):
                if otherwise is _MISSING:
                    raise Problem("missing_parameter", name, name=name)
                if otherwise is not None:
                    made[name] = otherwise
            else:
                made[name] = check(value)
        if seen != len(given):
            unknown = next(name for name in given if name not in self._known)
            raise Problem("unknown_parameter", unknown, name=unknown)
        return made

    def _item(self, item: Any, place: int) -> bytes:
        if not isinstance(item, dict):
            raise Problem("wrong_type", f"[{place}]", says="not_an_object")
        try:
            return msgspec.json.encode(self.arguments(item))
        except Problem as problem:
            problem.field = f"[{place}].{problem.field}"
            raise


def _quick(fields: Sequence[Field]) -> Quick | None:
    try:
        return Quick(fields)
    except (TypeError, ValueError):
        return None


def _otherwise(field: Field) -> Any:
    """What a parameter that is not given becomes: `_MISSING` refused, None left out."""
    if field.required and field.default is None:
        return _MISSING
    return field.default


def _check(field: Field) -> Callable[[Any], Any]:
    if field.type in ("float", "integer"):
        return _number(field)
    wanted = {"boolean": bool, "string": str, "array": list, "object": dict}[field.type]

    def check(value: Any) -> Any:
        if type(value) is not wanted:
            raise _wrong_type(field)
        return value

    return check


def _number(field: Field) -> Callable[[Any], float | int]:
    name = field.name
    minimum = -math.inf if field.minimum is None else field.minimum
    maximum = math.inf if field.maximum is None else field.maximum
    convert = _float if field.type == "float" else _integer

    def check(value: Any) -> float | int:
        kind = type(value)
        if kind is not float and kind is not int:
            raise _wrong_type(field)
        number = convert(value, field)
        if number < minimum:
            raise Problem("out_of_range", name, says="below", name=name, bound=_short(minimum))
        if number > maximum:
            raise Problem("out_of_range", name, says="above", name=name, bound=_short(maximum))
        return number

    return check


def _float(value: float | int, field: Field) -> float:
    try:
        return float(value)
    except OverflowError:
        raise Problem("out_of_range", field.name, says="too_great", name=field.name) from None


def _integer(value: float | int, field: Field) -> int:
    whole = int(value)
    if whole != value:
        raise _wrong_type(field)
    # What a model can take: beyond 64 bits every framework fails in its own way.
    if not -(1 << 63) <= whole < 1 << 63:
        raise Problem("out_of_range", field.name, says="too_great", name=field.name)
    return whole


def _wrong_type(field: Field) -> Problem:
    return Problem("wrong_type", field.name, name=field.name, type=field.type)


def _short(bound: float) -> str:
    return str(int(bound)) if bound.is_integer() else repr(bound)
