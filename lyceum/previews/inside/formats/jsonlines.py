"""JSON lines: an object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyceum.previews.inside.database import database, literal
from lyceum.previews.inside.encodings import encoding_of_file
from lyceum.previews.inside.formats.base import Format, Reading, T, Use
from lyceum.previews.inside.writing import replacing
from lyceum.previews.results import Problem
from lyceum.previews.workers import Unreadable

_HEAD_LINES = 1000
_HEAD_BYTES = 4 << 20
_LONGEST_LINE = 2 << 20
_DEEPEST = 100
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_HALF_A_CHARACTER = re.compile(r"\\u[dD][89a-bA-B]")


@dataclass(slots=True)
class Mended:
    """Lines that are no JSON objects, while the others are written on."""

    good: int = 0
    bad: int = 0
    first: int = 0
    reason: str = ""

    def leave_out(self, line: int, reason: str) -> None:
        self.bad += 1
        if not self.first:
            self.first, self.reason = line, reason

    @property
    def problem(self) -> Problem | None:
        if not self.bad:
            return None
        params = {"count": self.bad, "line": self.first, "reason": self.reason, "column": None}
        return Problem("broken_rows", params)


class JsonLines(Format):
    """DuckDB reads a faultless file as it is; of any other, and of a beginning, first a copy
    without the broken lines is made, for DuckDB can't tell which lines it could not read."""

    def read(self, path: Path, cache: Path, *, whole: bool, use: Use[T]) -> Reading[T]:
        encoding = encoding_of_file(path)
        if whole and encoding == "utf-8":
            try:
                return Reading(_read(path, cache, use), encoding)
            except Unreadable:
                pass  # some line is broken; which ones, the mending tells
        copy = cache / ("whole.txt" if whole else "head.jsonl")
        mended = _mend(path, copy, encoding, whole=whole)
        if not mended.good:
            raise Unreadable("no line is a JSON object", code="no_table")
        return Reading(_read(copy, cache, use), encoding, problem=mended.problem)


def _read(path: Path, cache: Path, use: Use[T]) -> T:
    rows = (
        f"read_json({literal(str(path))}, format='newline_delimited', "
        f"sample_size=-1, hive_partitioning=false, maximum_object_size={4 * _LONGEST_LINE})"
    )
    with database(file=path, cache=cache) as connection:
        return use(connection, rows)


def _mend(source: Path, target: Path, encoding: str, *, whole: bool) -> Mended:
    """Write the lines of ``source`` that are JSON objects to ``target``."""
    mended = Mended()
    with replacing(target) as writer:
        for number, line in enumerate(_lines(source, encoding, whole=whole), start=1):
            if not line.strip():
                continue
            written, reason = _object(line)
            if reason:
                mended.leave_out(number, reason)
            else:
                mended.good += 1
                writer.write(f"{written}\n")
    return mended


def _lines(source: Path, encoding: str, *, whole: bool) -> Iterator[str]:
    """The lines, each cut after ``_LONGEST_LINE`` characters; the first ones unless ``whole``."""
    size = number = 0
    with source.open(encoding=encoding, errors="replace", newline="\n") as reader:
        while line := reader.readline(_LONGEST_LINE + 1):
            yield line
            number += 1
            size += len(line)
            if not whole and (number >= _HEAD_LINES or size >= _HEAD_BYTES):
                return
            while line and not line.endswith("\n"):
                line = reader.readline(_LONGEST_LINE)


def _object(line: str) -> tuple[str, str]:
    """``line`` as DuckDB reads it, or why it can't: one of the reasons of ``broken_rows``."""
    if len(line) > _LONGEST_LINE:
        return "", "line_size_over_maximum"
    if line.count("{") + line.count("[") > _DEEPEST and _depth(line) > _DEEPEST:
        return "", "too_deep"
    odd: list[str] = []
    try:
        value: Any = json.loads(line, parse_constant=lambda constant: odd.append(constant))
    except (ValueError, RecursionError):
        return "", "no_json"
    if not isinstance(value, dict):
        return "", "no_object"
    # What Python writes and no JSON is: NaN and Infinity are missing, half a character is "?".
    if odd or _HALF_A_CHARACTER.search(line):
        written = json.dumps(value, ensure_ascii=False)
        return written.encode("utf-8", "replace").decode(), ""
    return line.strip(), ""


def _depth(line: str) -> int:
    """How deep a line's brackets go."""
    depth = deepest = 0
    for each in _STRING.sub("", line):
        if each in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif each in "}]":
            depth -= 1
    return deepest
