"""A competition's rules of scoring: columns, metrics, and the split, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from lyceum.scoring.metrics.catalogue import METRICS, Inputs, Metric

ColumnType = Literal["number", "integer", "probability", "label", "text", "list", "mask"]
Parameter = str | int | float | bool | None
_STRICT = {"frozen": True, "forbid_unknown_fields": True, "omit_defaults": True}


class RulesError(Exception):
    """The rules, or the truth, can't be used; the message is for the organiser."""


class Column(msgspec.Struct, **_STRICT):
    """A column: its type, and what its values may be.

    ``values`` are those allowed (labels: all classes, by default those in the truth).
    A ``list`` is words separated by spaces, a ``mask`` run lengths (docs/scoring.md).
    """

    name: str
    type: ColumnType = "number"
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    may_be_empty: bool = False


class Identity(msgspec.Struct, **_STRICT):
    """The column that says which row is which; ``auto``: whole numbers if all are."""

    name: str = "id"
    type: Literal["auto", "integer", "text"] = "auto"


class MetricUse(msgspec.Struct, **_STRICT):
    """A metric and its parameters; of several columns, those it is of (all by default).

    ``label`` tells two uses of one metric apart in a score.
    """

    name: str
    parameters: dict[str, Parameter] = {}
    weight: float = 1.0
    targets: tuple[str, ...] = ()
    predictions: tuple[str, ...] = ()
    label: str = ""

    @property
    def shown(self) -> str:
        return self.label or self.name

    @property
    def metric(self) -> Metric:
        return METRICS[self.name]

    def all_parameters(self) -> dict[str, Parameter]:
        """Those given, and the others' defaults."""
        defaults = {name: each.default for name, each in self.metric.parameters.items()}
        return {**defaults, **self.parameters}


class Split(msgspec.Struct, **_STRICT):
    """Which rows count for the public board: ``public`` of them, chosen by ``seed``.

    ``stratify`` names a target whose values both parts have in the same shares; ``group``
    a column of the truth whose equal values stay together; ``column`` one that says
    ``public`` or ``private`` itself.
    """

    public: float = 0.3
    seed: str = ""
    stratify: str = ""
    group: str = ""
    column: str = ""


class Rules(msgspec.Struct, **_STRICT):
    """How submissions of a competition are checked and scored.

    ``targets`` are columns of the truth, ``predictions`` those of a submission (the
    targets' when none are given). ``direction`` is the total's; the first metric's
    unless given. ``group`` names the truth's column of queries or classes, for metrics
    that are of groups of rows.
    """

    targets: tuple[Column, ...]
    metrics: tuple[MetricUse, ...]
    id: Identity = Identity()
    predictions: tuple[Column, ...] = ()
    direction: Literal["", "higher", "lower"] = ""
    split: Split | None = None
    group: str = ""
    sum_tolerance: float = 0.001
    version: Literal[1] = 1

    @property
    def submitted(self) -> tuple[Column, ...]:
        """The columns of a submission beside the id."""
        return self.predictions or self.targets

    @property
    def higher_is_better(self) -> bool:
        """Whether of two totals the higher one is the better."""
        if self.direction:
            return self.direction == "higher"
        return self.metrics[0].metric.higher_is_better

    def targets_of(self, use: MetricUse) -> list[Column]:
        """The truth's columns that a metric compares with."""
        return [each for each in self.targets if not use.targets or each.name in use.targets]

    def predictions_of(self, use: MetricUse) -> list[Column]:
        """The submission's columns that a metric is of."""
        if not self.predictions and not use.predictions:
            return self.targets_of(use)
        chosen = use.predictions
        return [each for each in self.submitted if not chosen or each.name in chosen]

    def for_participants(self) -> Rules:
        """The rules without the split, whose seed tells which rows are public."""
        return msgspec.structs.replace(self, split=None)

    def to_json(self) -> str:
        """The rules as an indented JSON object; what is as by default is left out."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Rules:
        """The inverse of ``to_json``; raises ``RulesError`` for rules that can't be used."""
        try:
            rules = msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise RulesError(f"These are no rules of scoring: {error}.") from None
        rules.validate()
        return rules

    def validate(self) -> None:
        """Raises ``RulesError`` for columns or metrics that don't fit each other."""
        _check_names("target", [each.name for each in self.targets])
        _check_names("submission's column", [self.id.name, *(c.name for c in self.submitted)])
        _check_names("metric", [use.shown for use in self.metrics])
        for use in self.metrics:
            _check_metric(self, use)
        for column in (*self.targets, *self.submitted):
            _check_column(column)
        used = {each.name for use in self.metrics for each in self.predictions_of(use)}
        for column in self.submitted:
            if column.name not in used:
                raise RulesError(f"No metric is of the column {column.name!r}.")
        if sum(use.weight for use in self.metrics) <= 0:
            raise RulesError("The weights of the metrics must add up to more than 0.")
        if self.split is not None and not self.split.column and not 0 < self.split.public < 1:
            raise RulesError("The public part must be more than 0 and less than 1.")
        if self.split is not None and not (self.split.column or self.split.seed):
            raise RulesError("The split needs a seed: a text that participants can't guess.")


def _check_names(what: str, names: list[str]) -> None:
    if not names or any(not name.strip() for name in names):
        raise RulesError(f"Each {what} needs a name, and there must be one.")
    for name in names:
        if names.count(name) > 1:
            raise RulesError(f"There are two of the {what} {name!r}.")


def _check_column(column: Column) -> None:
    least, most = column.minimum, column.maximum
    if least is not None and most is not None and least > most:
        raise RulesError(f"{column.name!r} has a minimum that is more than its maximum.")
    if column.type in ("number", "integer", "probability"):
        try:
            list(map(float, column.values))
        except ValueError:
            raise RulesError(f"{column.name!r} allows values that are no numbers.") from None


def _check_metric(rules: Rules, use: MetricUse) -> None:
    if use.name not in METRICS:
        raise RulesError(f"There is no metric {use.name!r}; there are {', '.join(METRICS)}.")
    if use.weight < 0:
        raise RulesError(f"The weight of {use.shown} is below 0.")
    metric = use.metric
    for name, value in use.parameters.items():
        if name not in metric.parameters:
            known = ", ".join(metric.parameters) or "none"
            raise RulesError(f"{use.name} has no parameter {name!r}; it has {known}.")
        metric.parameters[name].check(use.name, name, value)
    _check_chosen(rules, use)
    _check_types(metric, rules.targets_of(use), rules.predictions_of(use))
    if metric.needs_group and not rules.group:
        raise RulesError(f"{use.name} needs `group`: the column of the truth with the queries.")


def _check_chosen(rules: Rules, use: MetricUse) -> None:
    known: Mapping[str, set[str]] = {
        "targets": {each.name for each in rules.targets},
        "predictions": {each.name for each in rules.submitted},
    }
    for kind, names in known.items():
        for name in getattr(use, kind):
            if name not in names:
                raise RulesError(f"{use.shown} is of the column {name!r}, which is not there.")


def _check_types(metric: Metric, targets: list[Column], predictions: list[Column]) -> None:
    wanted, given = metric.inputs.types
    for column, types in [(c, wanted) for c in targets] + [(c, given) for c in predictions]:
        if column.type not in types:
            raise RulesError(
                f"{metric.name} needs {' or '.join(types)} in {column.name!r}, "
                f"which is of type {column.type}."
            )
    if metric.inputs is Inputs.NUMBERS:
        if len(targets) != len(predictions):
            raise RulesError(f"{metric.name} needs as many columns in both files.")
    elif len(targets) != 1 and metric.inputs is not Inputs.TEXTS:
        raise RulesError(f"{metric.name} is of one target; choose it with `targets`.")
    if len(predictions) != 1 and metric.inputs not in (Inputs.NUMBERS, Inputs.PROBABILITIES):
        raise RulesError(f"{metric.name} is of one column; choose it with `predictions`.")
    names = [each.name for each in predictions]
    classes = targets[0].values
    if metric.inputs is Inputs.PROBABILITIES and len(names) > 1 and set(classes) != set(names):
        raise RulesError(
            f"{metric.name} needs the classes in `values` of {targets[0].name!r}, "
            "and a column for each, called like it."
        )
