"""How many requests go into one run of a model (Clipper's AIMD, NSDI 2017)."""

from __future__ import annotations

LARGEST = 1024
# How long a run may get for the sake of throughput; a service whose single run takes
# longer still gets batches, of no more than twice that.
_TENSOR_SECONDS = 0.05
# Where the worker runs them one by one, a batch saves a round trip and nothing else.
_LOOP_SECONDS = 0.005


class BatchSize:
    """The most requests a run, found by trying: +2 while runs are quick, ×0.9 when not."""

    def __init__(self, batchable: bool) -> None:
        self.most = 4
        self._aim = _TENSOR_SECONDS if batchable else _LOOP_SECONDS
        self._single = 0.0

    def learn(self, count: int, seconds: float) -> None:
        """Take in that a run of ``count`` requests took ``seconds``."""
        if count == 1:
            self._single = 0.8 * self._single + 0.2 * seconds if self._single else seconds
        # A first run may be slow for reasons of its own; no batch is quicker than a single run.
        self._single = min(self._single, seconds)
        if seconds > max(self._aim, 2 * self._single):
            if count > 1:
                self.most = max(1, int(min(self.most, count) * 0.9))
        elif count >= self.most:
            self.most = min(LARGEST, self.most + 2)
