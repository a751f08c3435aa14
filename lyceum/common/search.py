"""Substring search that finds Chinese words as well as English ones.

PostgreSQL's trigram index needs three characters in a row, but most Chinese
words have two. So ideographs and kana are stored twice, in the text and in the
question: 房价 becomes 房房价价, which has trigrams, and matches exactly where 房价
would.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Q

_WIDE = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f])")
_LONGEST = 8000


def fold(text: str) -> str:
    """``text`` in lower case with each ideograph doubled."""
    return _WIDE.sub(r"\1\1", " ".join(text.lower().split()))


def searchable(parts: Iterable[str]) -> str:
    """What a row is found by, for its ``search_text``."""
    return fold(" ".join(parts))[:_LONGEST]


def matching(words: str) -> Q:
    """The condition that a row's ``search_text`` holds each of the words asked for."""
    condition = Q()
    for word in fold(words.replace("\0", " "))[:200].split():
        condition &= Q(search_text__contains=word)
    return condition
