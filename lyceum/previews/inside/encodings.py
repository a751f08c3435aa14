"""Which encoding a text is in, and the same text in UTF-8."""

from __future__ import annotations

import codecs
from pathlib import Path

HEAD_BYTES = 1 << 20
_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(head: bytes) -> str:
    """The encoding of a text that begins with ``head``: by its mark, else the first of
    UTF-8, UTF-16 without a mark and GB18030 (which holds GBK) that fits, else Latin-1.

    Files in Chinese are what learners here bring; nothing tells GBK from Big5 for sure.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    zeros = head[:4096].count(0)
    if zeros > len(head[:4096]) // 4:
        return "utf-16-le" if head[1:4096:2].count(0) >= zeros / 2 else "utf-16-be"
    for name in ("utf-8", "gb18030"):
        if _fits(head, name):
            return name
    return "latin-1"


def is_utf8(encoding: str) -> bool:
    """Whether DuckDB reads it as it is (it skips the mark itself)."""
    return encoding in ("utf-8", "utf-8-sig")


def transcode(source: Path, target: Path, encoding: str, *, limit: int | None = None) -> None:
    """Write ``source`` as UTF-8, what does not fit as �; of the first ``limit`` bytes only
    whole lines."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    left = limit
    with source.open("rb") as reader, target.open("w", encoding="utf-8", newline="") as writer:
        waiting = ""
        while chunk := reader.read(_CHUNK if left is None else min(_CHUNK, left)):
            text = waiting + decoder.decode(chunk)
            if left is None:
                writer.write(text)
                continue
            left -= len(chunk)
            whole, newline, waiting = text.rpartition("\n")
            writer.write(whole + newline)
        if left is None or left > 0:
            writer.write(waiting if left is not None else decoder.decode(b"", final=True))


def _fits(head: bytes, name: str) -> bool:
    try:
        # Not final: the head may end inside a character.
        codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return False
    return True
