"""The beginning of a text file."""

from __future__ import annotations

import codecs
from pathlib import Path

from lyceum.previews.inside.encodings import encoding_of
from lyceum.previews.results import Problem, Text


def read(path: Path, *, limit: int) -> Text:
    """The first ``limit`` bytes of a file as text."""
    with path.open("rb") as file:
        head = file.read(limit + 1)
    if not head:
        return Text(problem=Problem("empty"))
    encoding = encoding_of(head[:limit])
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    text = decoder.decode(head[:limit], final=len(head) <= limit)
    return Text(text, encoding, is_cut=len(head) > limit)
