"""What several apps' forms have, whose rules are the actions' own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from lyceum.common.errors import DomainError

T = TypeVar("T")
_SEPARATORS = re.compile(r"[,，、;；\n]+")


class TagsField(forms.CharField):
    """Words separated by commas, as a list."""

    def clean(self, value: str) -> list[str]:
        return [word for word in _SEPARATORS.split(super().clean(value)) if word.strip()]

    def prepare_value(self, value: str | list[str]) -> str:
        return ", ".join(value) if isinstance(value, list) else value


class CoverForm(forms.Form):
    """A picture for the card of a project or a dataset."""

    cover = forms.FileField(
        label=_("Picture"),
        help_text=_("PNG, JPEG, WebP or GIF, 5 MB at most. It is cropped to 16:9."),
        widget=forms.FileInput(
            attrs={
                "accept": "image/png,image/jpeg,image/webp,image/gif",
                "data-preview": "#cover-preview",
            }
        ),
    )


def try_action(form: forms.BaseForm, action: Callable[[], T]) -> T | None:
    """What ``action`` returns; ``None`` when it refuses, with its sentence in ``form``
    beside the field it concerns, or above all."""
    try:
        return action()
    except DomainError as refusal:
        field = refusal.field if refusal.field in form.fields else None
        form.add_error(field, refusal.message)
        return None
