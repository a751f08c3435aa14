"""Forms whose rules are the actions' own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django import forms

from lyceum.common.errors import DomainError

T = TypeVar("T")


def try_action(form: forms.BaseForm, action: Callable[[], T]) -> T | None:
    """What ``action`` returns; ``None`` when it refuses, with its sentence in ``form``
    beside the field it concerns, or above all."""
    try:
        return action()
    except DomainError as refusal:
        field = refusal.field if refusal.field in form.fields else None
        form.add_error(field, refusal.message)
        return None
