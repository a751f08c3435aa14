"""What a metric is computed of: the truth's and the submission's columns, row for row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True)
class Columns:
    """Arrays of equal length, in the order of the truth's ids.

    Labels are numbers of ``classes``, numbers floats, others objects (texts).
    ``prediction_names`` are the submission's columns'; ``group`` numbers the groups.
    """

    targets: Sequence[np.ndarray]
    predictions: Sequence[np.ndarray]
    classes: Sequence[str] = ()
    prediction_names: Sequence[str] = ()
    group: np.ndarray | None = None

    def part(self, chosen: np.ndarray) -> Columns:
        """The rows that ``chosen`` (a mask) says."""
        return replace(
            self,
            targets=[each[chosen] for each in self.targets],
            predictions=[each[chosen] for each in self.predictions],
            group=None if self.group is None else self.group[chosen],
        )

    def positive(self, name: str | None) -> int:
        """The number of the positive class: the one named, else ``1``, else the last."""
        if name is not None:
            return self.classes.index(name)
        return self.classes.index("1") if "1" in self.classes else len(self.classes) - 1
