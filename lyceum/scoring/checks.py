"""A submission against the rules: arrays in the truth's order, or what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lyceum.scoring.files import Table, closest, structure
from lyceum.scoring.metrics.catalogue import Inputs
from lyceum.scoring.metrics.masks import BadMask, runs
from lyceum.scoring.problems import MOST_LISTED, Kind, Problem, Report, report, short
from lyceum.scoring.rules import Column, MetricUse, Rules
from lyceum.scoring.tables import Database, joined

TEXTS = ("text", "list", "mask")
NUMBERS = ("number", "integer", "probability")
_HUGE = 1e100
"""Errors of larger numbers could not be squared and added up."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Ids or classes, in order, and how a value is found among them: by its number where
    all are whole numbers (``numbers``, ascending), else by its text in ``table``."""

    values: Sequence[str]
    numbers: np.ndarray | None = None
    table: str = ""

    def column(self, place: int, label: str) -> tuple[str, list[str]]:
        """SQL for a column's values, and the joins that it needs."""
        if self.numbers is not None:
            return f"TRY_CAST(c{place} AS DOUBLE)", []
        return f"{label}.n", [joined(self.table, place, label)]

    def places(self, found: np.ma.MaskedArray) -> np.ma.MaskedArray:
        """Where each value is among the keys, masked where it is none of them."""
        if self.numbers is None:
            return found
        values = found.filled(np.nan)
        first, last = self.numbers[0], self.numbers[-1]
        inside = np.clip(np.nan_to_num(values, nan=first), first, last)
        if last - first == len(self.numbers) - 1:  # without gaps, as nearly always
            places = np.floor(inside - first).astype(np.int64)
        else:
            places = np.searchsorted(self.numbers, inside)
        return np.ma.masked_array(places, mask=self.numbers[places] != values)


@dataclass(frozen=True, slots=True)
class Known:
    """What submissions are compared with: the truth's ids, the labels' classes, and what a
    list's or mask's metric limits."""

    ids: Keys
    classes: Mapping[str, Keys]
    longest_list: int
    pixels: int | None


@dataclass(frozen=True, slots=True)
class Checked:
    """``columns`` in the order of the truth's ids; only when ``report.ok``."""

    report: Report
    columns: Mapping[str, np.ndarray]


def columns_wrong(table: Table, rules: Rules) -> list[Kind]:
    """Columns missing, renamed, twice, or not asked for."""
    expected = [rules.id.name, *(each.name for each in rules.submitted)]
    header = list(table.header)
    extra = [each for each in header if each not in expected]
    missing = [each for each in expected if each not in header]
    row = table.first_row - 1 or None
    if len(missing) == len(expected) and all(_is_number(each) for each in header):
        problem = Problem("no_header", row, params={"expected": _listed(expected)})
        return [Kind([problem], 1)]
    found = [_missing(each, extra, row) for each in missing]
    meant = {each.params.get("hint") for each in found}
    found += [_extra(each, expected, row) for each in dict.fromkeys(extra) if each not in meant]
    found += [
        Problem("duplicate_column", row, short(each))
        for each in dict.fromkeys(header)
        if header.count(each) > 1 and each in expected
    ]
    return [Kind(found[:MOST_LISTED], len(found))] if found else []


def check(database: Database, table: Table, rules: Rules, known: Known) -> Checked:
    """Whether ``table`` fits; raises ``Refused`` when it is no table at all."""
    if wrong := columns_wrong(table, rules):
        return Checked(report(wrong, rows=0), {})
    return _Check(database, table, rules, known).made()


class _Check:
    """One check: the arrays as DuckDB gives them, and the kinds of problems in them."""

    def __init__(self, database: Database, table: Table, rules: Rules, known: Known) -> None:
        self._database, self._table, self._rules, self._known = database, table, rules, known
        self._place = {each: number for number, each in enumerate(table.header)}
        ids = self._place[rules.id.name]
        value, joins = known.ids.column(ids, "k")
        wanted = [f"{value} AS id"]
        for number, column in enumerate(rules.submitted):
            place = self._place[column.name]
            if column.type == "label":
                value, more = known.classes[column.name].column(place, f"l{number}")
                joins += more
            elif column.type in NUMBERS:
                value = f"TRY_CAST(c{place} AS DOUBLE)"
            else:
                value = f"trim(c{place})"
            wanted.append(f"{value} AS v{number}")
        self._found = database.select(table, wanted, joins)
        self._rows = np.asarray(self._found["r"])
        self._ids = known.ids.places(self._found["id"])
        self._kinds: list[Kind] = []

    def made(self) -> Checked:
        self._check_ids()
        values = []
        for number, column in enumerate(self._rules.submitted):
            found = self._found[f"v{number}"]
            if column.type == "label":
                found = self._known.classes[column.name].places(found)
            values.append(found)
            self._check_column(column, found)
        self._check_sums(values)
        if self._kinds:
            return Checked(report(self._kinds, rows=len(self._rows)), {})
        order = np.empty(len(self._rows), dtype=np.int64)
        order[np.asarray(self._ids)] = np.arange(len(self._rows))
        names = [each.name for each in self._rules.submitted]
        columns = {n: _plain(v)[order] for n, v in zip(names, values, strict=True)}
        return Checked(Report(rows=len(self._rows)), columns)

    def _check_ids(self) -> None:
        expected = len(self._known.ids.values)
        if len(self._rows) != expected:
            if broken := structure(self._table):
                raise broken
            params = {"found": len(self._rows), "expected": expected}
            self._kinds.append(Kind([Problem("row_count", params=params)], 1))
        unknown = np.ma.getmaskarray(self._ids)
        if unknown.any():
            self._add_ids(unknown)
        found = np.asarray(self._ids[~unknown], dtype=np.int64)
        counts = np.bincount(found, minlength=expected)
        if (counts > 1).any():
            self._add_twice(counts, ~unknown)
        missing = np.flatnonzero(counts == 0)
        if len(missing):
            values = (short(self._known.ids.values[each]) for each in missing[:MOST_LISTED])
            column = self._rules.id.name
            listed = [Problem("missing_id", column=column, value=each) for each in values]
            self._kinds.append(Kind(listed, len(missing)))

    def _add_ids(self, unknown: np.ndarray) -> None:
        column = self._rules.id.name

        def told(row: int, raw: str | None) -> Problem:
            if raw is None or not raw.strip():
                return Problem("empty_id", row, column)
            return Problem("unknown_id", row, column, short(raw))

        self._add(unknown, column, told)

    def _add_twice(self, counts: np.ndarray, known: np.ndarray) -> None:
        """Of rows with one id, all but the first of the file."""
        places = np.flatnonzero(known)
        ids = np.asarray(self._ids[places], dtype=np.int64)
        order = np.lexsort((self._rows[places], ids))
        ids, places = ids[order], places[order]
        again = np.flatnonzero(np.r_[False, ids[1:] == ids[:-1]])
        again = again[np.argsort(self._rows[places[again]], kind="stable")]
        firsts = np.searchsorted(ids, ids[again[:MOST_LISTED]])
        column, listed = self._rules.id.name, []
        for here, first in zip(again[:MOST_LISTED], firsts, strict=True):
            row, before = self._people([self._rows[places[here]], self._rows[places[first]]])
            value = short(self._known.ids.values[ids[here]])
            listed.append(Problem("duplicate_id", row, column, value, {"first": before}))
        self._kinds.append(Kind(listed, len(again)))

    def _check_column(self, column: Column, values: np.ma.MaskedArray) -> None:
        if column.type in NUMBERS:
            self._check_numbers(column, values)
        elif column.type == "label":
            wrong = np.ma.getmaskarray(values)
            if wrong.any():
                allowed = _listed(self._known.classes[column.name].values)
                self._add_values(wrong, column, "not_allowed", {"allowed": allowed})
        else:
            self._check_texts(column, values)

    def _check_numbers(self, column: Column, values: np.ma.MaskedArray) -> None:
        absent = np.ma.getmaskarray(values)
        plain = values.filled(0.0)
        if absent.any():
            self._add_values(absent, column, "not_a_number", {})
        if (wrong := ~np.isfinite(plain)).any():
            self._add_values(wrong, column, "not_finite", {})
            absent = absent | wrong
            plain = np.where(wrong, 0.0, plain)
        if column.type == "integer" and (plain != np.floor(plain)).any():
            self._add_values(plain != np.floor(plain), column, "not_an_integer", {})
        least, most = bounds(column, self._rules)
        if (wrong := (plain < least) & ~absent).any():
            self._add_values(wrong, column, "too_small", {"least": f"{least:g}"})
        if (wrong := (plain > most) & ~absent).any():
            self._add_values(wrong, column, "too_great", {"most": f"{most:g}"})
        if column.values:
            allowed = np.array([float(each) for each in column.values])
            wrong = ~np.isin(plain, allowed) & ~absent
            if wrong.any():
                params = {"allowed": _listed(column.values)}
                self._add_values(wrong, column, "not_allowed", params)

    def _check_texts(self, column: Column, values: np.ma.MaskedArray) -> None:
        plain = _plain(values)
        is_empty = np.fromiter((not each for each in plain), bool, len(plain))
        if is_empty.any() and not (column.may_be_empty or column.type == "mask"):
            self._add_values(is_empty, column, "empty", {})
        if column.type == "text":
            return
        code, params, is_good = self._pattern(column)
        wrong = np.fromiter((not is_good(each) for each in plain), bool, len(plain))
        if wrong.any():
            self._add_values(wrong, column, code, params)

    def _pattern(self, column: Column) -> tuple[str, dict[str, str | int], Callable[[str], bool]]:
        if column.type == "list":
            longest = self._known.longest_list
            return "bad_list", {"most": longest}, lambda text: _is_list(text, longest)
        pixels = self._known.pixels
        return (
            "bad_mask",
            {"within": f" (≤ {pixels})" if pixels else ""},
            lambda text: _is_mask(text, pixels),
        )

    def _check_sums(self, values: Sequence[np.ma.MaskedArray]) -> None:
        chosen = probability_columns(self._rules)
        if len(chosen) < 2 or self._kinds:
            return
        names = [each.name for each in self._rules.submitted]
        sums = sum(np.asarray(values[names.index(each)]) for each in chosen)
        wrong = np.abs(sums - 1) > self._rules.sum_tolerance
        if wrong.any():
            by_row = dict(zip(self._rows[wrong].tolist(), sums[wrong].tolist(), strict=True))
            places = sorted(by_row)
            rows = self._people(places[:MOST_LISTED])
            listed = [
                Problem("sum", row, value=f"{by_row[place]:.6g}")
                for row, place in zip(rows, places, strict=False)
            ]
            self._kinds.append(Kind(listed, len(places)))

    def _add_values(
        self, wrong: np.ndarray, column: Column, code: str, params: dict[str, str | int]
    ) -> None:
        def told(row: int, raw: str | None) -> Problem:
            if raw is None or not raw.strip():
                return Problem("empty", row, column.name)
            return Problem(code, row, column.name, short(raw), params)

        self._add(wrong, column.name, told)

    def _add(
        self, wrong: np.ndarray, column: str, told: Callable[[int, str | None], Problem]
    ) -> None:
        """A kind of the rows that are ``wrong``, with what stands in the file there."""
        places = np.sort(self._rows[wrong])
        shown = [int(each) for each in places[:MOST_LISTED]]
        where = f"WHERE r IN ({', '.join(map(str, shown))})"
        raw = self._database.select(
            self._table, [f"left(c{self._place[column]}, 400) AS raw"], where=where
        )
        absent = np.ma.getmaskarray(raw["raw"])
        by_row = {
            int(row): None if gone else str(value)
            for row, value, gone in zip(raw["r"], raw["raw"].data, absent, strict=True)
        }
        rows = self._people(shown)
        listed = [told(row, by_row[each]) for row, each in zip(rows, shown, strict=True)]
        self._kinds.append(Kind(listed, len(places)))

    def _people(self, places: Sequence[int]) -> list[int]:
        """Rows as people count them, blank lines too."""
        if not self._table.has_blanks:
            return [int(each) + self._table.first_row for each in places]
        wanted, found = set(map(int, places)), {}
        for place, row in enumerate(_filled(self._table)):
            if place in wanted:
                found[place] = row
        return [found[int(each)] for each in places]


def bounds(column: Column, rules: Rules) -> tuple[float, float]:
    """What a column's numbers must lie between, for its own sake and its metrics'."""
    least, most = -_HUGE, _HUGE
    uses = [use for use in rules.metrics if column in rules.predictions_of(use)]
    if column.type == "probability" or any(_is_of_chances(use, rules) for use in uses):
        least, most = 0.0, 1.0
    if any(use.metric.inputs is Inputs.NUMBERS and use.metric.minimum == 0 for use in uses):
        least = 0.0
    if column.minimum is not None:
        least = max(least, column.minimum)
    return least, most if column.maximum is None else min(most, column.maximum)


def _is_of_chances(use: MetricUse, rules: Rules) -> bool:
    """An AUC of two classes may be of any scores."""
    is_of_classes = use.metric.inputs is Inputs.PROBABILITIES
    return is_of_classes and (use.name != "auc" or len(rules.predictions_of(use)) > 1)


def probability_columns(rules: Rules) -> list[str]:
    """The columns of a submission that add up to 1 in every row."""
    for use in rules.metrics:
        chosen = [each.name for each in rules.predictions_of(use)]
        if use.metric.inputs is Inputs.PROBABILITIES and len(chosen) > 1:
            return chosen
    return []


def _filled(table: Table) -> Iterator[int]:
    """The rows, as people count them, that are not blank lines, after the header."""
    import csv

    with table.path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=table.separator)
        next(reader)
        yield from (number for number, row in enumerate(reader, table.first_row) if row)


def _plain(values: np.ma.MaskedArray) -> np.ndarray:
    return values.filled("") if values.dtype == object else np.asarray(values)


def _is_list(text: str, longest: int) -> bool:
    words = text.split()
    return len(words) <= longest and len(set(words)) == len(words)


def _is_mask(text: str, pixels: int | None) -> bool:
    try:
        runs(text, pixels)
    except BadMask:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _missing(name: str, extra: Sequence[str], row: int | None) -> Problem:
    hint = closest(name, extra)
    if hint is None:
        return Problem("missing_column", row, name)
    return Problem("renamed_column", row, name, params={"hint": hint})


def _extra(name: str, expected: Sequence[str], row: int | None) -> Problem:
    if not name or name.startswith("Unnamed: "):
        return Problem("index_column", row)
    return Problem("extra_column", row, short(name), params={"expected": _listed(expected)})


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(short(each) for each in values[:10])
    return f"{shown}, …" if len(values) > 10 else shown
