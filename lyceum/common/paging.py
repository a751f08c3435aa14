"""Keyset paging: the cost of a page does not grow with the pages before it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import TupleLessThan
from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError

T = TypeVar("T", bound=Model)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows and, when there are more, the cursor that continues after them."""

    items: list[T]
    next: str | None


def page_of(rows: QuerySet[T], *, order: Sequence[str], cursor: str | None, size: int) -> Page[T]:
    """``size`` rows by descending whole-number fields ``order``, the last of them unique.

    ``cursor`` is the ``next`` of the page before. Raises ``DomainError`` for a
    cursor that no page gave out.
    """
    if cursor:
        after = _decode(cursor, len(order))
        if len(order) == 1:
            rows = rows.filter(**{f"{order[0]}__lt": after[0]})
        else:
            rows = rows.filter(TupleLessThan(tuple(F(name) for name in order), tuple(after)))
    found = list(rows.order_by(*(f"-{name}" for name in order))[: size + 1])
    if len(found) <= size:
        return Page(found, None)
    return Page(found[:size], _encode([getattr(found[size - 1], name) for name in order]))


def _encode(values: list[int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _decode(cursor: str, count: int) -> list[int]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        values = None
    if not isinstance(values, list) or len(values) != count:
        raise _bad_cursor()
    if not all(type(value) is int and abs(value) <= _LARGEST for value in values):
        raise _bad_cursor()
    return values


def _bad_cursor() -> DomainError:
    return DomainError("bad_cursor", _("This page no longer exists."), field="cursor")
