"""Metrics of probabilities, by scikit-learn; a row of several is divided by its sum first."""

from __future__ import annotations

import numpy as np
from sklearn import metrics

from lyceum.scoring.metrics.inputs import Columns


def auc(columns: Columns, positive: str | None, average: str) -> float:
    """Area under the ROC curve; NaN where a class has no row, or all."""
    truth = columns.targets[0]
    if len(columns.predictions) == 1:
        chosen = truth == columns.positive(positive)
        if chosen.all() or not chosen.any():
            return float("nan")
        return metrics.roc_auc_score(chosen, columns.predictions[0])
    if len(np.unique(truth)) < len(columns.classes):
        return float("nan")
    table = _by_class(columns)
    if len(columns.classes) == 2:
        return metrics.roc_auc_score(truth == 1, table[:, 1])
    return metrics.roc_auc_score(
        truth, table, multi_class="ovr", average=average, labels=range(len(columns.classes))
    )


def log_loss(columns: Columns, positive: str | None) -> float:
    """Mean negative log-likelihood, with the natural logarithm."""
    truth = columns.targets[0]
    if len(columns.predictions) == 1:
        chosen = truth == columns.positive(positive)
        return metrics.log_loss(chosen, columns.predictions[0], labels=[False, True])
    return metrics.log_loss(truth, _by_class(columns), labels=range(len(columns.classes)))


def _by_class(columns: Columns) -> np.ndarray:
    """Rows of probabilities in the order of the classes, each with the sum 1."""
    by_name = dict(zip(columns.prediction_names, columns.predictions, strict=True))
    table = np.column_stack([by_name[name] for name in columns.classes])
    return table / table.sum(axis=1, keepdims=True)
