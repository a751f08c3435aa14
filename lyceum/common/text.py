"""Text that people send: cleaned once, in one way, before it is stored."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.common.errors import DomainError


def clean_line(value: str, *, field: str, longest: int, required: bool = False) -> str:
    """``value`` on one line, without spaces around it.

    Raises ``DomainError`` about ``field`` when it is empty but required, longer
    than ``longest`` characters, or holds what a database can't store.
    """
    return clean_text(
        " ".join(_storable(value, field).split()), field=field, longest=longest, required=required
    )


def clean_text(value: str, *, field: str, longest: int, required: bool = False) -> str:
    """``value`` with its lines kept and blank ends removed; see ``clean_line``."""
    text = _storable(value, field).replace("\r\n", "\n").strip()
    if required and not text:
        raise DomainError("required", _("Please fill this in."), field=field)
    if len(text) > longest:
        sentence = ngettext(
            "At most %(count)d character, please.",
            "At most %(count)d characters, please.",
            longest,
        )
        raise DomainError("too_long", sentence % {"count": longest}, field=field)
    return text


def _storable(value: str, field: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        value = "\0"
    if "\0" in value:
        raise DomainError("not_text", _("This holds characters that are not text."), field=field)
    return value
