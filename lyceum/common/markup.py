"""Notebooks' Markdown and HTML, made harmless.

Formulas become MathML here, so that no page needs a script to show them. Needs
no Django settings: the notebook renderer's own process uses it too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import nh3
from django.utils.html import escape
from latex2mathml import converter
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

Resolve = Callable[[str], str | None]
"""Gives the address to show for a picture, sound or film's ``src``; ``None`` drops it."""

_LONGEST_FORMULA = 5000

_MATHML = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot",
    "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts",
    "none", "mtable", "mtr", "mtd", "mlabeledtr", "mpadded", "mphantom", "mstyle", "menclose",
    "merror", "mfenced",
}  # fmt: skip
_MATHML_ATTRIBUTES = {
    "display", "mathvariant", "stretchy", "fence", "separator", "lspace", "rspace", "accent",
    "accentunder", "movablelimits", "linethickness", "columnalign", "rowspacing",
    "columnspacing", "columnlines", "rowlines", "width", "height", "depth", "notation",
    "displaystyle", "scriptlevel", "form", "symmetric", "maxsize", "minsize", "largeop",
    "mathcolor", "mathbackground", "open", "close", "separators",
}  # fmt: skip
_MEDIA = {"audio", "video", "source"}
_TAGS = nh3.ALLOWED_TAGS | _MATHML | _MEDIA | {"section", "input"}
_ATTRIBUTES: dict[str, set[str]] = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    **{tag: _MATHML_ATTRIBUTES for tag in _MATHML},
    "*": {"class", "id", "style", "align", "title", "lang", "dir"},
    "img": {"src", "alt", "width", "height"},
    "audio": {"src", "controls"},
    "video": {"src", "controls", "width", "height"},
    "source": {"src", "type"},
    "input": {"type", "checked", "disabled"},
}
_STYLES = {
    "color", "background-color", "text-align", "font-weight", "font-style", "width", "height",
    "max-width", "text-decoration", "border", "border-collapse", "padding", "margin",
    "vertical-align", "white-space",
}  # fmt: skip
_INLINE_PICTURES = (
    "data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp",
    "data:image/svg+xml", "data:audio/", "data:video/",
)  # fmt: skip


def markdown_with_html(text: str) -> str:
    """``text`` (Markdown that may hold HTML) as HTML that is NOT yet harmless:
    give it to ``clean_html``."""
    return _parser().render(text)


def clean_html(html: str, *, resolve: Resolve | None = None) -> str:
    """``html`` without anything that runs, loads or leaves its place.

    ``resolve`` is asked where relative pictures and films are; without it they go.
    """

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "src":
            return _source(value, resolve)
        if name == "href":
            return value if value.startswith(("#", "http:", "https:", "mailto:")) else None
        if tag == "input" and name == "type":
            return "checkbox"
        return value

    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
        filter_style_properties=_STYLES,
        set_tag_attribute_values={"input": {"disabled": "disabled", "type": "checkbox"}},
    )


def formula(latex: str, *, display: bool) -> str:
    """LaTeX as MathML; as code when it can't be read."""
    try:
        if len(latex) > _LONGEST_FORMULA:
            raise ValueError("too long a formula")
        return converter.convert(latex, display="block" if display else "inline")
    except Exception:  # hostile or broken LaTeX raises whatever the converter trips over
        return f"<code>{escape(latex)}</code>"


def _source(value: str, resolve: Resolve | None) -> str | None:
    if value.startswith("https:") or value.startswith(_INLINE_PICTURES):
        return value
    if value.startswith(("data:", "http:", "//")) or resolve is None:
        return None
    return resolve(value)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    parser.disable("linkify", ignoreInvalid=True)
    parser.use(
        dollarmath_plugin,
        allow_space=False,
        double_inline=True,
        renderer=lambda latex, options: formula(latex, display=options["display_mode"]),
    )
    parser.use(amsmath_plugin, renderer=lambda latex: formula(latex, display=True))
    parser.use(anchors_plugin, max_level=4, slug_func=lambda title: title.replace(" ", "-"))
    parser.use(tasklists_plugin)
    return parser
