"""Metrics of rankings. MAP@k is Kaggle's; NDCG@k scikit-learn's, query by query."""

from __future__ import annotations

import numpy as np
from sklearn import metrics

from lyceum.scoring.metrics.inputs import Columns


def map_at_k(columns: Columns, k: int) -> float:
    """Mean average precision of the first ``k``, 0 to 1; a row whose truth lists nothing
    counts 0, as does an empty answer."""
    pairs = zip(columns.targets[0], columns.predictions[0], strict=True)
    return float(np.mean([_precision(set(truth.split()), said.split()[:k], k)
                          for truth, said in pairs]))  # fmt: skip


def _precision(relevant: set[str], said: list[str], k: int) -> float:
    hits, total = 0, 0.0
    for place, word in enumerate(said, start=1):
        if word in relevant:
            hits += 1
            total += hits / place
    return total / min(len(relevant), k) if relevant else 0.0


def ndcg_at_k(columns: Columns, k: int | None) -> float:
    """The mean over the groups, which are queries; NaN where one has a single row."""
    group = np.asarray(columns.group)
    order = np.argsort(group, kind="stable")
    truth, said = columns.targets[0][order], columns.predictions[0][order]
    _, starts, counts = np.unique(group[order], return_index=True, return_counts=True)
    if (counts < 2).any():
        return float("nan")
    ends = starts + counts
    return float(np.mean([
        metrics.ndcg_score(truth[start:end][None], said[start:end][None], k=k)
        for start, end in zip(starts, ends, strict=True)
    ]))  # fmt: skip
