"""Files of truths and submissions for tests."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lyceum.scoring.problems import Report
from lyceum.scoring.rules import Rules
from lyceum.scoring.scorer import Scorer
from lyceum.scoring.scores import Score


def write(
    path: Path, columns: Mapping[str, Sequence[Any]], *, shuffled: int | None = None
) -> Path:
    """A CSV of ``columns``; its rows in another order with ``shuffled``, a seed."""
    rows: list[tuple[Any, ...]] = list(zip(*columns.values(), strict=True))
    if shuffled is not None:
        random.Random(shuffled).shuffle(rows)
    return write_rows(path, [tuple(columns), *rows])


def write_rows(path: Path, rows: Iterable[Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def score(rules: Rules, truth: Path, submission: Path) -> Score:
    with Scorer(rules, truth) as scorer:
        return scorer.score(submission)


def check(rules: Rules, truth: Path, submission: Path) -> Report:
    with Scorer(rules, truth) as scorer:
        return scorer.check(submission)
