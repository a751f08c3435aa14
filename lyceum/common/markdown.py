"""Markdown from people, as HTML that is safe on the portal's own pages."""

from __future__ import annotations

from functools import cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}


def render_markdown(text: str) -> SafeString:
    """``text`` (CommonMark with tables) as HTML without scripts, styles and pictures.

    Raw HTML in it is shown as text. Links open without telling where from.
    """
    html = nh3.clean(
        _parser().render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        # What scrolls sideways must be reachable by keyboard (WCAG 2.1.1).
        set_tag_attribute_values={"pre": {"tabindex": "0"}},
    )
    return mark_safe(html)  # noqa: S308  cleaned by nh3 above


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
