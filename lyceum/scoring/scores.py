"""What a submission scores; light, for who only shows and keeps scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """The score of some rows: the total, and each metric's value by its label."""

    total: float
    metrics: Mapping[str, float]
    rows: int


@dataclass(frozen=True, slots=True)
class Score:
    """What a submission scores on all rows, and on the public and private ones if split.

    ``made_with`` are the versions of what computed it.
    """

    whole: Part
    public: Part | None
    private: Part | None
    made_with: Mapping[str, str]

    @property
    def total(self) -> float:
        return self.whole.total

    def as_dict(self) -> dict[str, Any]:
        """For JSON; a number has all its digits."""

        def part(each: Part | None) -> dict[str, Any] | None:
            if each is None:
                return None
            return {"total": each.total, "metrics": dict(each.metrics), "rows": each.rows}

        return {
            "total": self.total,
            "metrics": dict(self.whole.metrics),
            "rows": self.whole.rows,
            "public": part(self.public),
            "private": part(self.private),
            "made_with": dict(self.made_with),
        }
