"""What callers are told when a call fails, for the service's own page."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lyceum.gateway.problems import STATUS
from lyceum.gateway.sentences import SENTENCES

_WRONG_METHOD = 405


class _Blanks(dict):
    def __missing__(self, key: str) -> str:
        return "…"


def all_problems() -> list[tuple[int, str, str]]:
    """Status, code and sentence of everything that a caller can be told, by status; where
    a sentence names a parameter or a limit it has a blank."""
    found = [(status, code, _sentence(code)) for code, status in STATUS.items()]
    return sorted(each for each in found if each[2] and each[0] != _WRONG_METHOD)


def _sentence(code: str) -> str:
    if code == "out_of_range":
        return _("A parameter is out of its range.")
    texts = SENTENCES.get(code)
    is_chinese = (get_language() or "").startswith("zh")
    return texts[is_chinese].format_map(_Blanks()) if texts else ""
