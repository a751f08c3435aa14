"""Looking for words in a task's log without reading it into memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lyceum.tasks.logs import Log, block_of_lines, member_of, prefix_of

HITS = 500
"""A search answers with so many lines at most; the next one goes on behind them."""
SEARCH_BYTES = 32 * 1024 * 1024
"""And reads so much, so that an answer takes a fraction of a second."""
WORDS_MAX = 200

_ESCAPE = b"\x1b"
_COLOURS = re.compile(rb"\x1b\[[0-9;:]*[a-z]")


@dataclass(frozen=True, slots=True)
class Hit:
    """A line with the words: where it begins, and whose it is (empty: nobody's)."""

    offset: int
    member: str


@dataclass(frozen=True, slots=True)
class Found:
    """Hits in a part of the log; ``end`` is where to search on, ``None`` at its end."""

    hits: list[Hit]
    end: int | None


def search(log: Log, words: str, *, start: int = 0, member: str = "") -> Found:
    """Lines that have ``words`` in them, from byte ``start`` on, which begins a line.

    Capital and small letters of ASCII count as the same; what colours the text does not
    count. Takes :data:`WORDS_MAX` characters; no words are found nowhere.
    """
    needle = words[:WORDS_MAX].encode().lower()
    if not needle:
        return Found([], None)
    prefix = prefix_of(member)
    hits: list[Hit] = []
    place = start
    while place < log.size and place - start < SEARCH_BYTES:
        data = block_of_lines(log, place)
        for begin, line in _matches(data, needle):
            if line.startswith(prefix):
                hits.append(Hit(place + begin, member_of(line)))
            if len(hits) == HITS:
                end = place + begin + len(line)
                return Found(hits, end if end < log.size else None)
        place += len(data)
    return Found(hits, place if place < log.size else None)


def _matches(data: bytes, needle: bytes) -> Iterator[tuple[int, bytes]]:
    """Where each line with ``needle`` begins in ``data``, and the line, in their order."""
    lowered = data.lower()
    begins = {begin for begin, _line in _lines_with(needle, lowered)}
    for begin, line in _lines_with(_ESCAPE, lowered):  # colour may stand within the words
        if needle in _COLOURS.sub(b"", line):
            begins.add(begin)
    for begin in sorted(begins):
        yield begin, _line_from(begin, data)


def _lines_with(needle: bytes, data: bytes) -> Iterator[tuple[int, bytes]]:
    found = data.find(needle)
    while found >= 0:
        begin = data.rfind(b"\n", 0, found) + 1
        line = _line_from(begin, data)
        yield begin, line
        found = data.find(needle, begin + len(line))


def _line_from(begin: int, data: bytes) -> bytes:
    return data[begin : data.find(b"\n", begin) + 1 or len(data)]
