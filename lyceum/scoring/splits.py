"""Which of the truth's rows count for the public board, the same for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from lyceum.scoring.rules import RulesError, Split

_BINS = 10


def public_rows(
    split: Split,
    ids: Sequence[str],
    *,
    strata: np.ndarray | None = None,
    groups: Sequence[str] | None = None,
    said: Sequence[str] | None = None,
) -> np.ndarray:
    """A mask over ``ids``: those in the public part.

    Each id (or group) has a place by SHA-256 of ``seed:id``, and the first
    ``round(public · n)`` are public, of every stratum; so it hangs on the ids and the
    seed alone. ``said`` are the parts that a column of the truth names. Raises
    ``RulesError`` when a part would be empty.
    """
    if said is not None:
        chosen = np.array([_is_public(each) for each in said])
    elif groups is not None:
        names = sorted(set(groups))
        public = {names[each] for each in _first(split, names, range(len(names)))}
        chosen = np.array([each in public for each in groups])
    else:
        chosen = np.zeros(len(ids), dtype=bool)
        bins = np.zeros(len(ids)) if strata is None else _binned(strata)
        for each in np.unique(bins):
            members = np.flatnonzero(bins == each)
            chosen[_first(split, ids, members)] = True
    if chosen.all() or not chosen.any():
        raise RulesError("The split leaves the public or the private part without rows.")
    return chosen


def _first(split: Split, names: Sequence[str], members: Sequence[int]) -> list[int]:
    digests = {each: _digest(split.seed, names[each]) for each in members}
    count = int(len(digests) * split.public + 0.5)
    return sorted(digests, key=digests.__getitem__)[:count]


def _digest(seed: str, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()


def _binned(values: np.ndarray) -> np.ndarray:
    """Classes as they are; many different numbers in ten bins of equal counts."""
    if len(np.unique(values)) <= _BINS or values.dtype.kind != "f":
        return np.unique(values, return_inverse=True)[1]
    edges = np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1])
    return np.searchsorted(edges, values, side="right")


def _is_public(text: str) -> bool:
    folded = text.strip().casefold()
    if folded not in ("public", "private"):
        raise RulesError(f"The split's column says {text!r} instead of public or private.")
    return folded == "public"
