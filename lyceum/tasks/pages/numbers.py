"""Numbers in addresses."""

from __future__ import annotations

from django.http import QueryDict

LARGEST = 2**53


def number(query: QueryDict, name: str, default: int = 0) -> int:
    """The whole number ``?name=``, from 0 up; ``default`` where it is none."""
    found = as_number(query.get(name, ""))
    return default if found is None else found


def numbers(query: QueryDict, name: str, most: int) -> list[int]:
    """The first ``most`` whole numbers among all ``?name=``, each once, in their order;
    several may stand in one, with commas."""
    words = ",".join(query.getlist(name)).split(",")[: 2 * most]
    found = [value for value in map(as_number, words) if value is not None]
    return list(dict.fromkeys(found))[:most]


def as_number(word: str) -> int | None:
    """``word`` as a whole number that a browser can hold too."""
    if not (word.isascii() and word.isdecimal()) or len(word) > 16:
        return None
    return min(int(word), LARGEST)
