"""Program text for reading: coloured, with line numbers."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound

_LONGEST = 100_000
"""Some lexers take very long over more characters than this."""


def highlighted(path: str, text: str) -> SafeString:
    """``text`` escaped and coloured by Pygments' classes, as ``path``'s ending says."""
    try:
        lexer = get_lexer_for_filename(path) if len(text) < _LONGEST else TextLexer()
    except ClassNotFound:
        lexer = TextLexer()
    marked = highlight(text, lexer, HtmlFormatter(linenos="table", cssclass="highlight"))
    return mark_safe(marked)  # noqa: S308  Pygments escapes what it marks up
