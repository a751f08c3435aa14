"""The guide's own converter listings, word for word."""

from __future__ import annotations

import re
from pathlib import Path

_GUIDE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "ai-studio-guide.zh.md"
_COPY = Path(__file__).parent / "data" / "guide_converters.md"
_LISTING = re.compile(r"```\n(.*?)```", re.DOTALL)


def converters() -> tuple[str, str]:
    """`reader_infer` and `output` of the house-price example, as they are printed."""
    source = _GUIDE if _GUIDE.exists() else _COPY
    text = source.read_text(encoding="utf-8")
    start = text.index("转换器代码示例") if source is _GUIDE else 0
    first, second = _LISTING.findall(text[start:])[:2]
    return first, second


def converter() -> str:
    """Both, as the portal keeps them: one file."""
    return "\n".join(converters())
