"""The truth, kept ready; and what submissions score against it."""

from __future__ import annotations

import contextlib
import itertools
import math
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from lyceum.scoring.checks import NUMBERS, Checked, Keys, Known, check
from lyceum.scoring.files import Table, table_of
from lyceum.scoring.metrics.catalogue import Inputs
from lyceum.scoring.metrics.inputs import Columns
from lyceum.scoring.metrics.masks import BadMask, runs
from lyceum.scoring.problems import Refused, Report
from lyceum.scoring.rules import Column, MetricUse, Rules, RulesError
from lyceum.scoring.scores import Part, Score
from lyceum.scoring.splits import public_rows
from lyceum.scoring.tables import Database

_LARGEST = 1 << 53
"""A float tells whole numbers apart up to here."""


class Scorer:
    """Checks and scores submissions against one truth; use it in ``with``.

    The truth's file is read once, when it is made. Raises ``RulesError`` for a truth that
    does not fit the rules. Not for several threads at once.
    """

    def __init__(self, rules: Rules, truth: Path) -> None:
        rules.validate()
        self.rules = rules
        self._stack = contextlib.ExitStack()
        try:
            # Resolved: DuckDB compares paths as they are written.
            made = tempfile.TemporaryDirectory(prefix="lyceum-scoring-")
            self._folder = Path(self._stack.enter_context(made)).resolve()
            self._numbers = itertools.count()
            self._database = self._stack.enter_context(Database(self._folder))
            self._truth = _Truth(rules, truth, self._folder / "truth.csv", self._database)
        except BaseException:
            self._stack.close()
            raise

    @property
    def rows(self) -> int:
        """How many rows the truth has."""
        return len(self._truth.known.ids.values)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stack.close()

    @property
    def public_rows(self) -> np.ndarray | None:
        """The public part as a mask over the sorted ids; ``None`` without a split."""
        return self._truth.public

    def check(self, submission: Path) -> Report:
        """What is wrong with a file; it hangs on no hidden value."""
        try:
            return self._checked(submission).report
        except Refused as refused:
            return refused.report

    def score(self, submission: Path) -> Score:
        """The score of a file; raises ``Refused`` with what is wrong, and ``RulesError``
        where a metric is not defined for the truth (a part with one class only)."""
        checked = self._checked(submission)
        if not checked.report.ok:
            raise Refused(checked.report)
        uses = self._truth.columns_of(checked.columns)
        public = self._truth.public
        return Score(
            whole=self._part(uses, None, "whole"),
            public=None if public is None else self._part(uses, public, "public"),
            private=None if public is None else self._part(uses, ~public, "private"),
            made_with=dict(_versions()),
        )

    def _checked(self, submission: Path) -> Checked:
        wanted = [self.rules.id.name, *(each.name for each in self.rules.submitted)]
        staged = self._folder / f"submission-{next(self._numbers)}.csv"
        try:
            table = table_of(submission, staged, wanted=wanted)
            return check(self._database, table, self.rules, self._truth.known)
        finally:
            staged.unlink(missing_ok=True)

    def _part(self, uses: Sequence[Columns], chosen: np.ndarray | None, name: str) -> Part:
        values: dict[str, float] = {}
        for use, columns in zip(self.rules.metrics, uses, strict=True):
            of_part = columns if chosen is None else columns.part(chosen)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what they warn of is said by NaN
                value = _computed(use, of_part)
            if not math.isfinite(value):
                raise RulesError(
                    f"{use.shown} is not defined for the {name} rows (one class or one row only?)."
                )
            values[use.shown] = value
        rows = len(uses[0].targets[0]) if chosen is None else int(chosen.sum())
        return Part(self._total(values), values, rows)

    def _total(self, values: Mapping[str, float]) -> float:
        """The weighted mean; metrics of the other direction count with the other sign."""
        if len(values) == 1:
            return next(iter(values.values()))
        up, total = self.rules.higher_is_better, 0.0
        for use in self.rules.metrics:
            sign = 1 if use.metric.higher_is_better is up else -1
            total += sign * use.weight * values[use.shown]
        return total / sum(use.weight for use in self.rules.metrics)


class _Truth:
    """The truth's columns, by ascending id."""

    def __init__(self, rules: Rules, path: Path, staged: Path, database: Database) -> None:
        self._rules = rules
        names = [rules.id.name, *(each.name for each in rules.targets)]
        split = rules.split
        more = [rules.group, *((split.group, split.column) if split else ())]
        extra = [each for each in dict.fromkeys(more) if each and each not in names]
        try:
            table = table_of(path, staged, wanted=names)
            texts = _read(database, table, [*names, *extra])
        except Refused as refused:
            raise RulesError(f"The truth can't be read. {refused}") from None
        ids = [each.strip() for each in texts[rules.id.name]]
        numbers = None if rules.id.type == "text" else _whole_numbers(ids)
        if rules.id.type == "integer" and numbers is None:
            raise RulesError("The truth has ids that are no whole numbers.")
        keys: list[Any] = ids if numbers is None else numbers
        if len(set(keys)) < len(keys) or "" in ids:
            raise RulesError("The truth has an id twice, or a row without one.")
        order = sorted(range(len(keys)), key=keys.__getitem__)
        self._ids = [str(keys[each]) for each in order]
        texts = {each: [values[n] for n in order] for each, values in texts.items()}
        classes = _classes(rules, texts)
        of_classes = {each: _keys(v, database) for each, v in classes.items()}
        self._classes = classes
        self._targets = {c.name: _values(c, texts[c.name], classes) for c in rules.targets}
        self._group = _numbered(texts[rules.group]) if rules.group else None
        self.known = Known(
            ids=_keys(self._ids, database, as_text=numbers is None),
            classes=_submitted_classes(rules, of_classes),
            longest_list=_parameter(rules, "map_at_k", "k") or 0,
            pixels=_parameter(rules, "miou", "pixels"),
        )
        self.public = self._split(texts)
        self._check_metrics()

    def columns_of(self, submitted: Mapping[str, np.ndarray]) -> list[Columns]:
        """For each metric what it is computed of."""
        made = []
        for use in self._rules.metrics:
            targets = [each.name for each in self._rules.targets_of(use)]
            predictions = [each.name for each in self._rules.predictions_of(use)]
            is_grouped = use.metric.needs_group or use.metric.inputs is Inputs.MASKS
            made.append(
                Columns(
                    [self._targets[each] for each in targets],
                    [submitted[each] for each in predictions],
                    self._classes.get(targets[0], ()),
                    predictions,
                    self._group if is_grouped else None,
                )
            )
        return made

    def _split(self, texts: Mapping[str, list[str]]) -> np.ndarray | None:
        split = self._rules.split
        if split is None:
            return None
        group = split.group or next(
            (self._rules.group for use in self._rules.metrics if use.metric.needs_group), ""
        )
        if split.stratify and split.stratify not in self._targets:
            raise RulesError(f"The split is stratified by {split.stratify!r}, which is no target.")
        return public_rows(
            split,
            self._ids,
            strata=self._targets[split.stratify] if split.stratify else None,
            groups=texts[group] if group else None,
            said=texts[split.column] if split.column else None,
        )

    def _check_metrics(self) -> None:
        for use in self._rules.metrics:
            targets = [each.name for each in self._rules.targets_of(use)]
            classes = self._classes.get(targets[0], ())
            positive = use.parameters.get("positive")
            if positive is not None and positive not in classes:
                raise RulesError(f"{use.shown}: there is no class {positive!r}.")
            is_single = len(self._rules.predictions_of(use)) == 1
            needs_two = use.metric.inputs is Inputs.PROBABILITIES and is_single
            if (needs_two or use.name == "f1_binary") and len(classes) != 2:
                raise RulesError(f"{use.shown} needs two classes; there are {len(classes)}.")
            least = use.metric.minimum
            if least is not None:
                _check_least(use, [self._targets[each] for each in targets], least)


def _computed(use: MetricUse, columns: Columns) -> float:
    try:
        return use.metric.compute(columns, use.all_parameters())
    except ValueError as error:
        raise RulesError(f"{use.shown} can't be computed: {error}") from None


def _check_least(use: MetricUse, targets: Sequence[np.ndarray], least: float) -> None:
    if any((each < least).any() for each in targets):
        raise RulesError(f"{use.shown} takes no values below {least:g}; the truth has some.")


def _read(database: Database, table: Table, names: Sequence[str]) -> dict[str, list[str]]:
    """Columns of the truth as texts, row after row of its file."""
    for each in names:
        if table.header.count(each) != 1:
            raise RulesError(f"The truth must have one column {each!r}.")
    places = [table.header.index(each) for each in names]
    found = database.select(table, [f"c{place} AS t{n}" for n, place in enumerate(places)])
    if not len(found["r"]):
        raise RulesError("The truth has no rows.")
    order = np.argsort(found["r"])
    return {each: found[f"t{n}"].filled("")[order].tolist() for n, each in enumerate(names)}


def _values(column: Column, texts: list[str], classes: Mapping[str, list[str]]) -> np.ndarray:
    if column.type in NUMBERS:
        return _floats(column, texts)
    texts = [each.strip() for each in texts]
    if column.type == "label":
        known = classes[column.name]
        numbers = _whole_numbers(known)
        keys: list[Any] = known if numbers is None else numbers
        places = {each: number for number, each in enumerate(keys)}
        said = texts if numbers is None else _whole_numbers(texts)
        if said is None or not places.keys() >= set(said):
            raise RulesError(f"The truth's {column.name!r} has what is none of its classes.")
        return np.array([places[each] for each in said], dtype=np.int64)
    if column.type == "mask":
        try:
            for each in texts:
                runs(each)
        except BadMask as error:
            raise RulesError(f"The truth has what is no mask: {str(error)[:40]!r}.") from None
    return np.array(texts, dtype=object)


def _floats(column: Column, texts: list[str]) -> np.ndarray:
    try:
        values = np.array([float(each) for each in texts])
    except ValueError as error:
        raise RulesError(f"The truth's {column.name!r}: {error}.") from None
    if not np.isfinite(values).all():
        raise RulesError(f"The truth's {column.name!r} must have finite numbers only.")
    return values


def _classes(rules: Rules, texts: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The classes of the truth's labels: those given, else those it has; sorted, as
    scikit-learn does."""
    found = {}
    for column in rules.targets:
        if column.type != "label":
            continue
        values = {each.strip() for each in column.values or texts[column.name]}
        if "" in values:
            raise RulesError(f"The truth has no value in some row of {column.name!r}.")
        numbers = _whole_numbers(sorted(values))
        sorted_ = sorted(values) if numbers is None else map(str, sorted(set(numbers)))
        found[column.name] = list(sorted_)
    return found


def _submitted_classes(rules: Rules, keys: Mapping[str, Keys]) -> dict[str, Keys]:
    """For each column of labels in a submission the classes of the target it is for."""
    found = {}
    for use in rules.metrics:
        for column in rules.predictions_of(use):
            if column.type == "label":
                found[column.name] = keys[rules.targets_of(use)[0].name]
    return found


def _keys(values: list[str], database: Database, *, as_text: bool = False) -> Keys:
    numbers = None if as_text else _whole_numbers(values)
    if numbers is None:
        return Keys(values, table=database.keep_keys(values))
    return Keys(values, numbers=np.array(numbers, dtype=float))


def _whole_numbers(texts: Sequence[str]) -> list[int] | None:
    """The texts as numbers where all are whole, also as pandas writes them beside gaps
    (``7.0``); ``None`` where one is not, or is more than a float holds."""
    if not all(map(str.isascii, texts)):
        return None
    try:
        numbers = [int(each) for each in texts]
    except ValueError:
        parts = [each.partition(".") for each in texts]
        if any(rest.strip("0") for _, _, rest in parts):
            return None
        try:
            numbers = [int(whole) for whole, _, _ in parts]
        except ValueError:
            return None
    return numbers if all(-_LARGEST < each < _LARGEST for each in numbers) else None


def _numbered(texts: list[str]) -> np.ndarray:
    return np.unique(np.array(texts, dtype=str), return_inverse=True)[1]


def _parameter(rules: Rules, metric: str, name: str) -> Any:
    """The greatest value of a parameter among the uses of a metric."""
    given = [use.all_parameters()[name] for use in rules.metrics if use.name == metric]
    return max((each for each in given if each is not None), default=None)


@cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("scikit-learn", "numpy", "sacrebleu")}
