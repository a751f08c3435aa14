"""Substring search that finds Chinese words as well as English ones.

PostgreSQL's trigram index needs three characters in a row, but most Chinese
words have two. So ideographs and kana are stored twice, in the text and in the
question: 房价 becomes 房房价价, which has trigrams, and matches exactly where 房价
would.
"""

from __future__ import annotations

import re

from django.db.models import Q

from lyceum.projects.models import Project

_WIDE = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f])")
_LONGEST = 8000


def fold(text: str) -> str:
    """``text`` in lower case with each ideograph doubled."""
    return _WIDE.sub(r"\1\1", " ".join(text.lower().split()))


def searchable(project: Project, tags: list[str]) -> str:
    """What a project is found by: its names, tags and descriptions."""
    parts = (project.name, project.name_en, *tags, project.description, project.description_en)
    return fold(" ".join(parts))[:_LONGEST]


def matching(words: str) -> Q:
    """The condition that a project's text holds each of the words asked for."""
    condition = Q()
    for word in fold(words.replace("\0", " "))[:200].split():
        condition &= Q(search_text__contains=word)
    return condition
