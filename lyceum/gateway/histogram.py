"""Times of calls, counted in buckets that grow by a tenth: within 5 % of the true ones."""

from __future__ import annotations

import math
from collections.abc import Mapping

Counts = dict[int, int]

_SMALLEST = 0.01
_GROWTH = math.log(1.1)
_BUCKETS = 200


def bucket(milliseconds: float) -> int:
    """The bucket of a time, 0 to 199: from 10 µs to half an hour."""
    if milliseconds <= _SMALLEST:
        return 0
    return min(_BUCKETS - 1, int(math.log(milliseconds / _SMALLEST) / _GROWTH))


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The time that ``share`` (0 to 1) of the calls do not exceed, in ms; None for no call."""
    rank = share * sum(counts.values())
    if not rank:
        return None
    passed = 0
    for index in sorted(counts):
        passed += counts[index]
        if passed >= rank:
            break
    return round(_SMALLEST * math.exp((index + 0.5) * _GROWTH), 3)
