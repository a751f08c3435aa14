"""Metrics of classes, by scikit-learn. A class that nobody predicts has a precision of 0."""

from __future__ import annotations

from sklearn import metrics

from lyceum.scoring.metrics.inputs import Columns


def accuracy(columns: Columns) -> float:
    """The share of rows with the right class."""
    return metrics.accuracy_score(columns.targets[0], columns.predictions[0])


def balanced_accuracy(columns: Columns) -> float:
    """The mean of the classes' recall, of those the truth has."""
    return metrics.balanced_accuracy_score(columns.targets[0], columns.predictions[0])


def f1_binary(columns: Columns, positive: str | None) -> float:
    """F1 of the class ``positive``, of two."""
    chosen = columns.positive(positive)
    truth, predicted = columns.targets[0] == chosen, columns.predictions[0] == chosen
    return metrics.f1_score(truth, predicted, zero_division=0)


def f1_macro(columns: Columns) -> float:
    """The plain mean of the classes' F1."""
    return _averaged(columns, "macro")


def f1_micro(columns: Columns) -> float:
    """F1 of all classes' counts together."""
    return _averaged(columns, "micro")


def f1_weighted(columns: Columns) -> float:
    """The mean of the classes' F1, by their rows in the truth."""
    return _averaged(columns, "weighted")


def _averaged(columns: Columns, average: str) -> float:
    return metrics.f1_score(
        columns.targets[0], columns.predictions[0], average=average, zero_division=0
    )
