"""Which encoding a text is in, and the same text in UTF-8."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from lyceum.previews.inside.writing import replacing

HEAD_BYTES = 1 << 20
_SPOT_BYTES = 64 << 10
_SPOTS = 4
_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ODD_SHARE = 0.1
"""At most this share of a text's characters beyond ASCII may be broken in its encoding."""
_CONTROL_SHARE = 0.3
_COMMON_SHARE = 0.2
"""At least this share of Chinese is of GB 2312; of Latin-1 read as GBK next to nothing is."""


def encoding_of_file(path: Path) -> str:
    """The encoding of a text file, by its beginning and a few places further on: a
    table's first megabyte may be numbers alone."""
    return encoding_of(*_samples(path))


def encoding_of(head: bytes, *further: bytes) -> str:
    """The encoding of a text that begins with ``head``: by its mark, else the first of
    UTF-16 without a mark, UTF-8 and GB18030 (which holds GBK) that fits but for a few
    broken characters, else Latin-1.

    Files in Chinese are what learners here bring; nothing tells GBK from Big5 for sure.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if wide := _utf16(head[:4096]):
        return wide
    samples = b"\n".join((_whole_characters(head), *further))
    if samples.isascii() or _fits(samples, "utf-8"):
        return "utf-8"
    return "gb18030" if _fits(samples, "gb18030") and _is_chinese(samples) else "latin-1"


def is_text(head: bytes, encoding: str) -> bool:
    """Whether what begins with ``head`` is a text at all, and not a program or a picture.

    A few control characters are let pass: tables with NULs are shown and told about.
    """
    text = head[:_SPOT_BYTES].decode(encoding, "ignore")
    odd = sum(unicodedata.category(each) == "Cc" and not each.isspace() for each in text)
    return odd <= (_ODD_SHARE if encoding == "latin-1" else _CONTROL_SHARE) * len(text)


def is_utf8(encoding: str) -> bool:
    """Whether DuckDB reads it as it is (it skips the mark itself)."""
    return encoding in ("utf-8", "utf-8-sig")


def transcode(source: Path, target: Path, encoding: str, *, limit: int | None = None) -> None:
    """Write ``source`` as UTF-8, what does not fit as �; of the first ``limit`` bytes only
    whole lines. ``target`` appears whole or not at all."""
    with replacing(target) as writer:
        for text in _whole_lines(source, encoding, limit):
            writer.write(text)


def _whole_lines(source: Path, encoding: str, limit: int | None) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    left = source.stat().st_size if limit is None else limit
    waiting = ""
    with source.open("rb") as reader:
        while left > 0 and (chunk := reader.read(min(_CHUNK, left))):
            left -= len(chunk)
            text = waiting + decoder.decode(chunk)
            whole, newline, waiting = text.rpartition("\n")
            yield whole + newline
        if not reader.read(1):
            yield waiting + decoder.decode(b"", final=True)


def _samples(path: Path) -> list[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        found = [file.read(HEAD_BYTES)]
        if size > HEAD_BYTES + _SPOTS * _SPOT_BYTES:
            step = (size - HEAD_BYTES) // _SPOTS
            for number in range(1, _SPOTS + 1):
                file.seek(HEAD_BYTES + number * step - _SPOT_BYTES)
                spot = file.read(_SPOT_BYTES)
                # From line end to line end, so that no character is cut.
                found.append(spot[spot.find(b"\n") + 1 : spot.rfind(b"\n") + 1])
    return found


def _utf16(head: bytes) -> str:
    """Which UTF-16 a text without a mark is in; empty when it is none."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd <= len(head) // 4:
        return ""
    name = "utf-16-le" if odd >= even else "utf-16-be"
    text = head[: len(head) // 2 * 2].decode(name, "replace")
    is_text = sum(each.isprintable() or each.isspace() for each in text) > 0.9 * len(text)
    return name if is_text else ""


def _whole_characters(head: bytes) -> bytes:
    """``head`` without the character that it may end inside of."""
    return head[: head.rfind(b"\n") + 1] or head[:-4] or head


def _fits(data: bytes, name: str) -> bool:
    """Whether nearly all of ``data`` is characters of this encoding."""
    text = data.decode(name, "ignore")
    broken = len(data) - len(text.encode(name))
    return broken <= _ODD_SHARE * _beyond_ascii(text)


def _is_chinese(data: bytes) -> bool:
    text = data.decode("gb18030", "ignore")
    common = len(text.encode("gb2312", "ignore").decode("gb2312")) - (
        len(text) - _beyond_ascii(text)
    )
    return common >= _COMMON_SHARE * _beyond_ascii(text)


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))
