"""Template tags of the portal's look: icons, avatars, covers, fields."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.core.exceptions import ImproperlyConfigured
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext

from lyceum.portal import covers

register = template.Library()

_ICONS = Path(__file__).resolve().parents[1] / "static" / "dist" / "icons.json"


@cache
def _icons() -> dict[str, str]:
    try:
        return json.loads(_ICONS.read_text())
    except FileNotFoundError:
        raise ImproperlyConfigured(
            "The portal's bundle is not built: run `npm ci && npm run build` in frontend/."
        ) from None


@register.simple_tag
def icon(name: str, size: int = 20, label: str = "") -> SafeString:
    """Tabler's icon ``name`` (https://tabler.io/icons; ``-filled`` for the filled
    ones), inlined, ``size`` pixels. Hidden from screen readers unless ``label``
    names it. Raises ``KeyError`` for a name Tabler does not have.
    """
    shape = mark_safe(_icons()[name])  # noqa: S308  built from the npm package, not from users
    paint = (
        'fill="currentColor"'
        if name.endswith("-filled")
        else 'fill="none" stroke="currentColor" stroke-width="1.75"'
        ' stroke-linecap="round" stroke-linejoin="round"'
    )
    named = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="icon" width="{}" height="{}" viewBox="0 0 24 24" {} {}>{}</svg>',
        size,
        size,
        mark_safe(paint),  # noqa: S308
        mark_safe(named),  # noqa: S308
        shape,
    )


@register.inclusion_tag("portal/components/avatar.html")
def avatar(user: Any, size: int = 32) -> dict[str, Any]:
    """A person's picture, or their initial on a colour that is always theirs."""
    name = user.shown_name
    return {
        "image": user.avatar.url if user.avatar else "",
        "initial": name[:1].upper(),
        "size": size,
        "hue": hashlib.sha256(f"person {user.pk}".encode()).digest()[0] * 360 // 256,
    }


@register.inclusion_tag("portal/components/cover.html")
def cover(work: Any, pattern: str = "waves") -> dict[str, Any]:
    """A work's uploaded cover, or a calm picture drawn from its id: ``waves`` (a project)
    or ``cells`` of a table (a dataset)."""
    return {"image": work.cover.url} if work.cover else covers.PATTERNS[pattern](work.pk)


_GROUPS = (CheckboxSelectMultiple, RadioSelect)


@register.inclusion_tag("portal/components/field.html")
def field(bound: BoundField, hide_label: bool = False) -> dict[str, Any]:
    """A form field with label, hint and its errors; what was typed stays in it."""
    widget = bound.field.widget
    checked = isinstance(widget, CheckboxInput)
    group = isinstance(widget, _GROUPS)
    select = getattr(widget, "input_type", "") == "select"
    css = "form-check-input" if checked else "form-select" if select else "form-control"
    described = [f"{bound.id_for_label}_help"] if bound.help_text else []
    described += [f"{bound.id_for_label}_error"] if bound.errors else []
    attrs: dict[str, Any] = {
        "class": " ".join(
            filter(None, [widget.attrs.get("class"), css, "is-invalid" if bound.errors else ""])
        ),
    }
    if widget.attrs.get("placeholder") == bound.label:
        attrs["placeholder"] = False
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return {
        "bound": bound,
        "control": bound if group else bound.as_widget(attrs=attrs),
        "checked": checked,
        "group": group,
        "hide_label": hide_label,
        "hidden": bound.is_hidden,
    }


@register.simple_tag
def local_time(moment: datetime) -> SafeString:
    """``moment`` in the reader's own time zone: the server writes UTC, a script the rest."""
    return format_html(
        '<time datetime="{}" data-local-time>{} UTC</time>',
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        date_format(moment.astimezone(UTC), "SHORT_DATETIME_FORMAT"),
    )


@register.filter
def ago(moment: datetime) -> str:
    """How long ago, as a part of a sentence: “5 minutes ago”, “just now” within the first."""
    if _is_fresh(moment):
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": timesince(moment)}


@register.filter
def lasting(moment: datetime) -> str:
    """How long it has been since: “5 minutes”, “less than a minute”."""
    return gettext("less than a minute") if _is_fresh(moment) else timesince(moment)


def _is_fresh(moment: datetime) -> bool:
    return timezone.now() - moment < timedelta(minutes=1)


@register.filter
def localized(thing: Any, name: str) -> str:
    """``thing.name`` in the page's language: ``name_en`` in English when it is set."""
    own = str(getattr(thing, name))
    if not (get_language() or "").startswith("en"):
        return own
    return str(getattr(thing, f"{name}_en", "")) or own


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The page's query string with ``changes``; ``None`` or ``""`` takes a key out."""
    params = context["request"].GET.copy()
    for key, value in changes.items():
        params.pop(key, None)
        if value not in (None, ""):
            params[key] = value
    return f"?{params.urlencode()}" if params else "?"
