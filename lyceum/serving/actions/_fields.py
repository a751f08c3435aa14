"""Cleaning what people type into the wizard; shared by the actions.

What is cleaned here can be stored; whether a service can be made of it is
:mod:`lyceum.serving.checking`'s question.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError, NotFound
from lyceum.common.text import clean_line
from lyceum.limits import limit
from lyceum.projects import workfolder
from lyceum.serving.fields import MOST_FIELDS
from lyceum.serving.models import Draft, ModelKind

LONGEST_NAME = 100
LONGEST_PATH = 1000
LONGEST_CONVERTER = 200_000
MOST_FILES = 1000
_LONGEST_FIELDS = 200_000
_MEGABYTE = 1024 * 1024


def clean_name(name: str, *, required: bool = False) -> str:
    return clean_line(name, field="name", longest=LONGEST_NAME, required=required)


def clean_step(step: int) -> int:
    if step not in Draft.STEPS:
        raise DomainError("no_such_step", _("There is no such step."), field="step")
    return step


def clean_kind(kind: str) -> str:
    if kind and kind not in ModelKind.values:
        raise DomainError("no_such_kind", _("There is no such kind of model."), field="kind")
    return kind


def clean_path(path: str, field: str) -> str:
    """A path below the work folder as it is stored; ``DomainError`` for ``..`` and the like."""
    try:
        parts = workfolder.parts(path) if workfolder.is_text(path) else []
    except NotFound:
        parts = []
    cleaned = "/".join(parts)
    inside = bool(parts) and not path.startswith("/") and cleaned.isprintable()
    if not inside or len(cleaned) > LONGEST_PATH:
        sentence = _("“%(path)s” is no path inside the project's folder.")
        readable = path.encode(errors="replace").decode()
        shown = {"path": workfolder.shown(readable)[:200]}
        raise DomainError("bad_path", sentence % shown, field=field)
    return cleaned


def clean_files(paths: Sequence[str]) -> list[str]:
    """The chosen paths, each once, in their order."""
    if len(paths) > MOST_FILES:
        sentence = _("A model has at most %(count)d files.") % {"count": MOST_FILES}
        raise DomainError("too_many_files", sentence, field="files")
    return list(dict.fromkeys(clean_path(path, "files") for path in paths))


def clean_converter(text: str) -> str:
    """The converter with Unix line ends; its blanks are Python's and stay."""
    if len(text) > LONGEST_CONVERTER:
        sentence = _("A converter has at most %(count)d characters; this one has %(length)d.")
        shown = {"count": LONGEST_CONVERTER, "length": len(text)}
        raise DomainError("too_long", sentence % shown, field="converter")
    _check_storable(text, "converter")
    return text.replace("\r\n", "\n")


def clean_typed_fields(fields: Sequence[dict[str, Any]], where: str) -> list[dict[str, Any]]:
    """Inputs or outputs as they were typed, perhaps not valid yet."""
    if len(fields) > MOST_FIELDS or not all(isinstance(each, dict) for each in fields):
        sentence = _("A service has at most %(count)d parameters.") % {"count": MOST_FIELDS}
        raise DomainError("too_many_fields", sentence, field=where)
    clean_json(list(fields), where, longest=_LONGEST_FIELDS)
    return list(fields)


def clean_sample(sample: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(sample, dict):
        sentence = _("A sample request is a JSON object.")
        raise DomainError("not_an_object", sentence, field="sample")
    return clean_json(sample, "sample", longest=limit("serving_body_mb") * _MEGABYTE)


def clean_json(value: Any, field: str, *, longest: int) -> Any:
    """A JSON value that a database can keep: no NaN, no NUL, not too deep or too long."""
    try:
        text = json.dumps(value, allow_nan=False)
        for each in _texts(value):
            _check_storable(each, field)
    except ValueError:
        sentence = _("NaN and Infinity are no JSON numbers.")
        raise DomainError("not_json", sentence, field=field) from None
    except RecursionError:
        raise DomainError("too_deep", _("This is nested too deeply."), field=field) from None
    if len(text) > longest:
        sentence = _("At most %(count)d characters, please.") % {"count": longest}
        raise DomainError("too_long", sentence, field=field)
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _check_storable(text: str, field: str) -> None:
    clean_line(text, field=field, longest=len(text))
