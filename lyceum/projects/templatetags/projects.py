"""Words of projects' templates."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext_lazy as _

from lyceum.projects.choices import framework_label

register = template.Library()
register.filter("framework", framework_label)

_REASONS = {
    "size": _("larger than 20 MB"),
    "total": _("the version would be too large"),
    "count": _("too many files"),
    "name": _("its name can't be saved"),
    "special": _("not a regular file"),
    "unreadable": _("it could not be read"),
}


@register.filter
def left_out_reason(code: str) -> str:
    """Why a file is not in a version (``versions.LeftOut.reason``)."""
    return str(_REASONS.get(code, code))
