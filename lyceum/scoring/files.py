"""A file of people's as a table in UTF-8: out of a zip, from JSON, from other encodings."""

from __future__ import annotations

import csv
import difflib
import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyceum.previews.inside.encodings import HEAD_BYTES, encoding_of, encoding_of_file
from lyceum.scoring.problems import MOST_LISTED, Kind, Problem, Refused, refused, report, short

LARGEST_MB = 256
LONGEST_ROW_MB = 2
_MEGABYTE = 1 << 20
_RATIO = 200
_RATIO_FROM = 10 * _MEGABYTE
_CHUNK = 1 << 20
_MOST_COLUMNS = 5000
_MOST_CELLS = 100_000_000
_LONGEST_NAME = 100
_SEPARATORS = (",", ";", "\t")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SIGNS = (
    (b"PAR1", "Parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "RAR"),
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\x93NUMPY", "NumPy"),
    (b"\x80\x04", "pickle"),
    (b"\x80\x05", "pickle"),
    (b"\xd0\xcf\x11\xe0", "Excel"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV in UTF-8 of our own, whose lines end with ``\\n``.

    ``first_row`` is how people count its first row of values; ``has_blanks`` says that
    it may have blank lines, which are left out but counted.
    """

    path: Path
    header: tuple[str, ...]
    separator: str
    first_row: int = 2
    has_blanks: bool = False


def table_of(path: Path, staged: Path, *, wanted: Sequence[str]) -> Table:
    """The table in the file ``path``, written to ``staged``; raises ``Refused``.

    ``wanted`` are columns it should have: by them its separator is told.
    """
    data, is_json = _content(path)
    if is_json:
        return _of_json(data, staged, wanted)
    text = _text(data, path)
    if not text or text.isspace():
        raise refused("empty_file")
    filled = text.lstrip("\n")  # DuckDB takes a blank first line for the header
    staged.write_text(filled, encoding="utf-8", newline="")
    separator, header = _header(filled, wanted)
    first_row = 2 + len(text) - len(filled)
    return Table(staged, header, separator, first_row, has_blanks="\n\n" in filled)


def _content(path: Path) -> tuple[bytes, bool]:
    """The bytes of the CSV or JSON file, and whether they are JSON."""
    if path.stat().st_size > LARGEST_MB * _MEGABYTE:
        raise refused("too_large", most=LARGEST_MB)
    data = path.read_bytes()
    if data.startswith(_ZIP):
        data = _unzipped(data)
    for sign, kind in _SIGNS:
        if data.startswith(sign):
            raise refused("unsupported", value=kind)
    # Whatever it is called: no column's name begins like this.
    is_json = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{")
    return data, is_json


def _unzipped(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            if any(each.filename == "xl/workbook.xml" for each in listed):
                raise refused("unsupported", value="Excel")
            members = [each for each in listed if _is_table(each)]
            if len(members) != 1:
                raise refused("zip_members", found=len(members))
            return _inflated(archive, members[0], len(data))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, zlib.error,
            ValueError):  # fmt: skip
        raise refused("bad_zip") from None


def _is_table(member: zipfile.ZipInfo) -> bool:
    name = member.filename.lower()
    is_ours = not name.startswith("__macosx/") and not name.rpartition("/")[2].startswith(".")
    return is_ours and not member.is_dir() and name.endswith((".csv", ".json"))


def _inflated(archive: zipfile.ZipFile, member: zipfile.ZipInfo, packed: int) -> bytes:
    """Counted as it comes, whatever the headers say."""
    parts, size = [], 0
    with archive.open(member) as reader:
        while chunk := reader.read(_CHUNK):
            parts.append(chunk)
            size += len(chunk)
            if size > LARGEST_MB * _MEGABYTE:
                raise refused("too_large", most=LARGEST_MB)
            if size > _RATIO_FROM and size > _RATIO * packed:
                raise refused("zip_bomb", ratio=_RATIO)
    return b"".join(parts)


def _text(data: bytes, path: Path) -> str:
    """The file's text; lines end with ``\\n``."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        text = _in_other_encoding(data, path, broken)
    if "\0" in text:
        raise refused("nul", row=text.count("\n", 0, text.index("\0")) + 1)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _in_other_encoding(data: bytes, path: Path, broken: UnicodeDecodeError) -> str:
    """What is UTF-16 or GB18030 is read as such."""
    encoding = _sniffed(data, path)
    try:
        if encoding in ("utf-16", "utf-16-le", "utf-16-be", "gb18030"):
            return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        broken = error
    row = data.count(b"\n", 0, broken.start) + 1
    raise refused(
        "encoding", row=row, encoding="UTF-8", value=data[broken.start : broken.end].hex()
    )


def _sniffed(data: bytes, path: Path) -> str:
    if path.stat().st_size == len(data):
        return encoding_of_file(path)
    return encoding_of(data[:HEAD_BYTES])


def _header(text: str, wanted: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The separator with which the first row names most of ``wanted``, and its names."""
    head = text[: LONGEST_ROW_MB * _MEGABYTE]
    found = {each: _first(head, each) for each in _SEPARATORS}
    separator = max(found, key=lambda each: len(set(found[each]) & set(wanted)))
    names = found[separator]
    if len(names) > _MOST_COLUMNS:
        raise refused("broken", row=1, detail=f"{len(names)} columns")
    return separator, tuple(names)


def _first(head: str, separator: str) -> list[str]:
    csv.field_size_limit(LONGEST_ROW_MB * _MEGABYTE)
    try:
        row = next(filter(None, csv.reader(io.StringIO(head), delimiter=separator)), [])
    except csv.Error:
        return []
    return [name.strip() for name in row]


def _of_json(data: bytes, staged: Path, wanted: Sequence[str]) -> Table:
    """Records as rows of a CSV; the columns are those of the first record."""
    records, names = _records(data)
    for name in wanted:  # what only later records have
        if name not in names and any(name in record for record in records):
            names.append(name)
    if len(names) * len(records) > _MOST_CELLS:
        raise refused("too_large", most=LARGEST_MB)
    with staged.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for number, record in enumerate(records, start=1):
            writer.writerow([_cell(record.get(name), number, name) for name in names])
    return Table(staged, tuple(names), ",", first_row=1)


def _records(data: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    try:
        value = json.loads(data)
    except json.JSONDecodeError as error:
        raise refused("bad_json", detail=error.msg, line=error.lineno) from None
    except (ValueError, RecursionError) as error:
        raise refused("bad_json", detail=type(error).__name__, line=1) from None
    if isinstance(value, dict):
        value = _rows_of(value)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise refused("json_shape")
    if not value:
        raise refused("empty_file")
    return value, list(value[0])[:_MOST_COLUMNS]


def _rows_of(columns: dict[str, Any]) -> list[dict[str, Any]]:
    lists = list(columns.values())
    if not all(isinstance(each, list) for each in lists) or len({len(e) for e in lists}) != 1:
        raise refused("json_shape")
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _cell(value: Any, row: int, column: str) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        raise refused("json_nested", row=row, column=short(column))
    if isinstance(value, bool):
        return str(value).lower()
    # Lone surrogates can be in JSON, but in no file.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else repr(value)


def structure(table: Table) -> Refused | None:
    """Which rows have too many or too few values, or quotation marks astray.

    Asked once DuckDB has refused the file, or has found another number of rows: it leaves
    rows of over its buffer's size out. This goes through the file row by row.
    """
    csv.field_size_limit(LONGEST_ROW_MB * _MEGABYTE)
    kinds = {
        code: Kind([], 0) for code in ("too_few_values", "too_many_values", "quote", "too_long")
    }
    expected, row = len(table.header), 0

    def found(code: str, **params: int) -> None:
        kinds[code].total += 1
        if len(kinds[code].listed) < MOST_LISTED:
            kinds[code].listed.append(Problem(code, row + table.first_row - 1, params=params))

    with table.path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=table.separator, strict=True)
        try:
            next(reader, None)
            for values in reader:
                row += 1
                if sum(map(len, values)) + len(values) > LONGEST_ROW_MB * _MEGABYTE:
                    found("too_long", most=LONGEST_ROW_MB)
                elif values and len(values) != expected:
                    code = "too_few_values" if len(values) < expected else "too_many_values"
                    found(code, found=len(values), expected=expected)
        except csv.Error as error:
            row += 1
            if "field larger" in str(error):
                found("too_long", most=LONGEST_ROW_MB)
            else:
                found("quote")
    made = report(kinds.values(), rows=row)
    return Refused(made) if made.total else None


def closest(name: str, others: Sequence[str]) -> str | None:
    """The one of ``others`` that ``name`` may have been meant by."""
    folded = {_folded(each): each for each in others if len(each) <= _LONGEST_NAME}
    if _folded(name) in folded:
        return folded[_folded(name)]
    near = difflib.get_close_matches(_folded(name), list(folded)[:200], n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def _folded(name: str) -> str:
    return "".join(each for each in name.casefold() if each.isalnum())
