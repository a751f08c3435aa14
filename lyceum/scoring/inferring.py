"""Rules from a metric's name and the truth's own columns, for who gives no rules."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from lyceum.scoring.files import Table, table_of
from lyceum.scoring.metrics.catalogue import METRICS, Inputs
from lyceum.scoring.problems import Refused
from lyceum.scoring.rules import (
    Column,
    ColumnType,
    Identity,
    MetricUse,
    Parameter,
    Rules,
    RulesError,
    Split,
)
from lyceum.scoring.tables import Database

_TYPES: dict[Inputs, ColumnType] = {
    Inputs.NUMBERS: "number",
    Inputs.SCORES: "number",
    Inputs.LABELS: "label",
    Inputs.PROBABILITIES: "label",
    Inputs.LISTS: "list",
    Inputs.TEXTS: "text",
    Inputs.MASKS: "mask",
}


def rules_for(
    metric: str,
    truth: Path,
    *,
    id_name: str = "",
    targets: Sequence[str] = (),
    group: str = "",
    parameters: Mapping[str, Parameter] | None = None,
    split: Split | None = None,
) -> Rules:
    """Rules for one metric; raises ``RulesError``.

    The id is the column ``id`` or the first one, the targets all other columns, unless
    said. A metric of probabilities with more than two classes wants a column for each.
    """
    if metric not in METRICS:
        raise RulesError(f"There is no metric {metric!r}; there are {', '.join(METRICS)}.")
    chosen = METRICS[metric]
    with tempfile.TemporaryDirectory(prefix="lyceum-scoring-") as name:
        folder = Path(name).resolve()
        try:
            table = table_of(truth, folder / "truth.csv", wanted=[id_name or "id", *targets])
        except Refused as refused:
            raise RulesError(f"The truth can't be read. {refused}") from None
        header = table.header
        identity = id_name or ("id" if "id" in header else header[0])
        named = list(targets) or [each for each in header if each not in (identity, group)]
        type_ = _TYPES[chosen.inputs]
        columns = tuple(Column(each, type_) for each in named)
        predictions: tuple[Column, ...] = ()
        if chosen.inputs is Inputs.PROBABILITIES and len(named) == 1 and named[0] in header:
            columns, predictions = _of_classes(metric, table, folder, named[0])
    if chosen.inputs is Inputs.TEXTS and len(columns) > 1:
        predictions = columns[:1]
    use = MetricUse(metric, dict(parameters or {}))
    rules = Rules(columns, (use,), Identity(identity), predictions, group=group, split=split)
    rules.validate()
    return rules


def _of_classes(
    metric: str, table: Table, folder: Path, target: str
) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    place = table.header.index(target)
    with Database(folder) as database:
        found = database.select(table, [f"trim(c{place}) AS v"])
    classes = tuple(sorted({str(each) for each in found["v"].filled("")}))
    if len(classes) > 2:
        predictions = tuple(Column(each, "probability") for each in classes)
        return (Column(target, "label", values=classes),), predictions
    # An AUC may be of any score; a log loss is of probabilities.
    type_: ColumnType = "number" if metric == "auc" else "probability"
    return (Column(target, "label"),), (Column(target, type_),)
