"""What callers are told, for the service's own pages and in their language.

The sentences are the gateway's; those that name a parameter are filled in again here,
because the gateway answers the portal in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lyceum.gateway.problems import STATUS
from lyceum.gateway.sentences import SENTENCES
from lyceum.serving.models import Service

_WRONG_METHOD = 405


class _Blanks(dict):
    def __missing__(self, key: str) -> str:
        return "…"


def all_problems() -> list[tuple[int, str, str]]:
    """Status, code and sentence of everything that a caller can be told, by status."""
    found = [(status, code, _general(code)) for code, status in STATUS.items()]
    return sorted(each for each in found if each[2] and each[0] != _WRONG_METHOD)


def problem_sentence(error: Mapping[str, Any], service: Service) -> str:
    """An answer's error in the page's language; ``error`` is the gateway's ``{"code",
    "message", "field"}``."""
    if not _is_chinese():
        return str(error.get("message") or "")
    code, field = str(error.get("code")), str(error.get("field") or "")
    if code == "out_of_range":
        return _("The parameter %(name)s is out of its range.") % {"name": field}
    inputs = (service.active_revision or service.revision).spec.get("inputs", [])
    name = field.rpartition(".")[2]
    types = {each["name"]: each["type"] for each in inputs}
    if code not in SENTENCES:
        return str(error.get("message") or "")
    return SENTENCES[code][True].format_map(_Blanks(name=field, type=types.get(name, "…")))


def _general(code: str) -> str:
    if code == "out_of_range":
        return _("A parameter is out of its range.")
    texts = SENTENCES.get(code)
    return texts[_is_chinese()].format_map(_Blanks()) if texts else ""


def _is_chinese() -> bool:
    return (get_language() or "").startswith("zh")
