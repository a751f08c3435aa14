"""Masks as run lengths: ``start length start length …``, counted from 1, ascending.

How a picture's pixels are numbered is the organiser's: only overlaps count.
"""

from __future__ import annotations

import numpy as np

from lyceum.scoring.metrics.inputs import Columns

_LARGEST = 1 << 40


class BadMask(ValueError):
    """The text is no mask."""


def runs(text: str, pixels: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends (exclusive) of a mask's runs; raises ``BadMask``."""
    words = text.split()
    if len(words) % 2 or not all(word.isascii() and word.isdigit() for word in words):
        raise BadMask(text)
    if any(len(word) > 12 for word in words):
        raise BadMask(text)
    numbers = np.array(words, dtype=np.int64).reshape(-1, 2)
    starts, lengths = numbers[:, 0], numbers[:, 1]
    ends = starts + lengths
    most = _LARGEST if pixels is None else pixels
    good = (
        (starts >= 1).all()
        and (lengths >= 1).all()
        and (ends - 1 <= most).all()
        and (starts[1:] >= ends[:-1]).all()
    )
    if not good:
        raise BadMask(text)
    return starts, ends


def miou(columns: Columns, pixels: int | None) -> float:
    """The mean overlap of masks, 0 to 1: of rows, or of groups of rows."""
    pairs = zip(columns.targets[0], columns.predictions[0], strict=True)
    counted = np.array([_overlap(truth, said, pixels) for truth, said in pairs], dtype=np.int64)
    both, either = counted[:, 0], counted[:, 1]
    if columns.group is not None:
        both, either = _summed(both, columns.group), _summed(either, columns.group)
    return float(np.where(either == 0, 1.0, both / np.maximum(either, 1)).mean())


def _overlap(truth: str, said: str, pixels: int | None) -> tuple[int, int]:
    """How many pixels both have, and either."""
    starts, ends = runs(truth, pixels)
    others, other_ends = runs(said, pixels)
    edges = np.concatenate([starts, ends, others, other_ends])
    steps = np.concatenate([np.ones(len(starts)), -np.ones(len(ends)),
                            np.ones(len(others)), -np.ones(len(other_ends))])  # fmt: skip
    order = np.argsort(edges, kind="stable")
    depth = np.cumsum(steps[order])[:-1]
    widths = np.diff(edges[order])
    return int(widths[depth == 2].sum()), int(widths[depth >= 1].sum())


def _summed(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    _, places = np.unique(group, return_inverse=True)
    summed = np.zeros(places.max() + 1, dtype=np.int64)
    np.add.at(summed, places, values)
    return summed
