"""Words of datasets' templates."""

from __future__ import annotations

from pathlib import PurePosixPath

from django import template
from django.utils.safestring import SafeString

from lyceum.common.markdown import render_markdown

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown from people, as HTML that is safe."""
    return render_markdown(text)


@register.filter
def basename(path: str) -> str:
    """The last part of a file's path."""
    return PurePosixPath(path).name
