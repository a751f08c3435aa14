"""Metrics of numbers, by scikit-learn."""

from __future__ import annotations

import numpy as np
from sklearn import metrics

from lyceum.scoring.metrics.inputs import Columns


def rmse(columns: Columns) -> float:
    """Root of the mean squared error."""
    return metrics.root_mean_squared_error(*_both(columns))


def rmsle(columns: Columns) -> float:
    """Root of the mean squared difference of ``log(1 + y)``."""
    return metrics.root_mean_squared_log_error(*_both(columns))


def mae(columns: Columns) -> float:
    """Mean absolute error."""
    return metrics.mean_absolute_error(*_both(columns))


def r2(columns: Columns) -> float:
    """The share of the variance that is explained; NaN for a single row."""
    return metrics.r2_score(*_both(columns))


def _both(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    if len(columns.targets) == 1:
        return columns.targets[0], columns.predictions[0]
    return np.column_stack(columns.targets), np.column_stack(columns.predictions)
