"""How large batches become for models of several kinds, under more load than they can take."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lyceum.gateway.batches import LARGEST, BatchSize
from lyceum.gateway.histogram import bucket, percentile


def settled(run: Callable[[int], float], batchable: bool = True) -> set[int]:
    """The sizes of the last of many full runs; ``run`` gives a run's seconds by its size."""
    size = BatchSize(batchable)
    size.learn(1, run(1) + 0.5)  # the first one loads something
    seen = []
    for _ in range(2000):
        seen.append(size.most)
        size.learn(size.most, run(size.most))
    return set(seen[-200:])


@pytest.mark.parametrize(
    ("run", "least", "most"),
    [
        (lambda n: 0.002, LARGEST, LARGEST),  # all at once for the price of one
        (lambda n: 0.002 + 0.001 * n, 40, 50),  # as many as 50 ms allow
        (lambda n: 0.3 * n, 1, 8),  # nothing is gained, so few wait for one another
        (lambda n: 0.3, LARGEST, LARGEST),  # slow, but the same for many
    ],
)
def test_it_finds_the_size(run: Callable[[int], float], least: int, most: int) -> None:
    sizes = settled(run)
    assert least <= max(sizes) <= most
    assert min(sizes) >= 0.8 * least


def test_a_worker_that_runs_them_one_by_one() -> None:
    assert max(settled(lambda n: 0.0001 * n, batchable=False)) in range(40, 55)


def test_batches_that_are_not_full_say_nothing_of_larger_ones() -> None:
    size = BatchSize(batchable=True)
    for _ in range(100):
        size.learn(2, 0.001)
    assert size.most == 4


@pytest.mark.parametrize("milliseconds", [0.02, 0.5, 3, 47, 1000, 59_000])
def test_percentiles_are_within_a_twentieth(milliseconds: float) -> None:
    counts = {bucket(milliseconds): 98, bucket(1e9): 1, bucket(0): 1}
    assert percentile(counts, 0.5) == pytest.approx(milliseconds, rel=0.05)
    assert percentile({}, 0.99) is None
