"""Who gets which part of the prize pool (guide, 技术大赛: 前三名按比例分配奖池)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from lyceum.competitions.models import TieRule

_CENT = Decimal("0.01")
_SMALLEST_SHARE = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Part:
    """A team's part: ``share`` of 1, ``amount`` in the pool's currency; both rounded down,
    so that all together are never more than the pool."""

    place: int
    share: Decimal
    amount: Decimal


def parts(
    keys: Sequence[float], shares: Sequence[float], pool: Decimal, tie_rule: str
) -> list[Part]:
    """The parts of teams in their final order, by their keys (higher is better).

    By `TieRule.EARLIER` each place has its own share. By `TieRule.SHARED` teams of equal
    keys have the first one's place, and what their places win is divided evenly; a tie for
    the last place that wins divides that one's share. Teams that win nothing are left out.
    """
    wins = [Fraction(str(share)) for share in shares]
    found: list[Part] = []
    start = 0
    while start < min(len(keys), len(wins)):
        end = start + 1
        if tie_rule == TieRule.SHARED:
            while end < len(keys) and keys[end] == keys[start]:
                end += 1
        each = sum(wins[start:end], Fraction(0)) / (end - start)
        part = Part(start + 1, _down(each, _SMALLEST_SHARE), _down(each * Fraction(pool), _CENT))
        if each:
            found.extend([part] * (end - start))
        start = end
    return found


def _down(value: Fraction, step: Decimal) -> Decimal:
    """``value`` rounded down to a multiple of ``step``."""
    return (int(value / Fraction(step)) * step).quantize(step, ROUND_DOWN)
