"""What previews give back. Everything in them is plain text, to be escaped by who shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

COUNTED_ROWS = 200_000
"""Of larger tables, distinct values are estimated."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why (part of) a file can't be shown: a stable code and what its sentence needs.

    ``empty`` · ``unreadable`` (``detail``) · ``damaged_picture`` · ``damaged_archive`` ·
    ``cut_parquet`` · ``no_table`` · ``broken_rows`` (``count`` left
    out, the first at ``line`` because of ``reason``, in ``column`` or ``None``) ·
    ``mixed_types`` (``column`` is text for ``count`` values, the first at ``line``) ·
    ``nul_bytes`` (the first at ``line``) · ``cut_archive`` and ``long_archive`` (``count``
    files were found) · ``too_slow`` (``seconds``) · ``crashed`` · ``too_large`` (``pixels``).
    """

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``type`` is one of text, integer, number, boolean, date, time, other."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class TablePage:
    """Some rows of a table, each value as text, ``None`` where it is missing.

    ``columns`` are those from ``first_column`` on of ``column_count``; values are cut
    to ``LONGEST_CELL`` characters. ``offset`` counts rows before these; ``numbers`` are
    the rows' places in the whole table, from 1.
    """

    columns: list[Column] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    column_count: int = 0
    first_column: int = 0
    offset: int = 0
    has_more: bool = False
    encoding: str = ""
    delimiter: str = ""
    problem: Problem | None = None

    @property
    def problem_ends(self) -> bool:
        """Whether its problem leaves nothing to show."""
        return self.problem is not None and not self.columns


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a histogram: ``label`` is a value or a range."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What a column holds: ``missing`` values, how many ``distinct`` ones (about, of a
    large table), ``least``
    and ``most`` (as text), ``mean`` of numbers; ``bins`` of numbers are ranges of equal
    width, of other columns the commonest values."""

    name: str
    type: str
    missing: int
    distinct: int
    least: str | None
    most: str | None
    mean: float | None
    bins: list[Bin]


@dataclass(frozen=True, slots=True)
class TableProfile:
    """A whole table: ``columns`` are as many as a page shows."""

    row_count: int = 0
    columns: list[ColumnProfile] = field(default_factory=list)
    encoding: str = ""
    delimiter: str = ""
    problem: Problem | None = None

    @property
    def is_estimated(self) -> bool:
        """Whether distinct values are estimated, not counted."""
        return self.row_count > COUNTED_ROWS


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a table's preparation is, in percent; ``is_ready``: pages of it can be had."""

    percent: int
    is_ready: bool
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The beginning of a text; ``is_cut`` when there is more."""

    text: str = ""
    encoding: str = ""
    is_cut: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture written anew as WebP; ``width`` and ``height`` are the original's pixels."""

    data: bytes = b""
    width: int = 0
    height: int = 0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive: bytes unpacked and packed (``None``: not said)."""

    path: str
    size: int
    packed: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What an archive holds: the first files, how many there are, and their bytes."""

    entries: list[Entry] = field(default_factory=list)
    count: int = 0
    size: int = 0
    is_encrypted: bool = False
    problem: Problem | None = None
