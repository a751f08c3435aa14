"""Numbers in addresses and forms."""

from __future__ import annotations

from django.http import QueryDict

_LARGEST = 2**53


def number(values: QueryDict, name: str, default: int = 0) -> int:
    """The whole number ``name``, from 0 up; ``default`` where it is none."""
    word = values.get(name, "")
    return _read(word) if _is_number(word) else default


def numbers(values: QueryDict, name: str, most: int) -> list[int]:
    """The first ``most`` whole numbers ``name``, each once."""
    found = [_read(word) for word in values.getlist(name)[:most] if _is_number(word)]
    return list(dict.fromkeys(found))


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= 16


def _read(word: str) -> int:
    return min(int(word), _LARGEST)
