"""The file of what a task used: samples, thinned, read while it is written."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lyceum.tasks import folders
from lyceum.tasks.queries import usage_of
from lyceum.tasks.usage import MOST_LINES, Sample, UsageLog, read_samples
from tests.tasks.making import make_task


def sample(t: float) -> Sample:
    return Sample(t, cpu=11.123456, memory=2**34, processes=2000)


def test_a_day_stays_below_one_megabyte_and_is_even(tmp_path):
    path = tmp_path / "usage.jsonl"
    log = UsageLog(path)
    start, day = 1.8e9, 24 * 3600
    for number, second in enumerate(range(0, day, 2)):
        if number % 5000 == 0:
            log = UsageLog(path)  # another dispatcher
        log.add(sample(start + second))
    assert path.stat().st_size < 1_000_000
    times = [each.t for each in read_samples(path)]
    assert times == sorted(times)
    assert MOST_LINES / 2 <= len(times) <= MOST_LINES
    assert max(after - before for before, after in pairwise(times)) <= 32
    assert times[-1] > start + day - 32


def test_samples_that_come_too_fast_are_left_out(tmp_path):
    log = UsageLog(tmp_path / "usage.jsonl")
    for tenths in range(100):
        log.add(sample(1e9 + tenths / 10))
    assert len(read_samples(tmp_path / "usage.jsonl")) == 6


def test_a_line_that_was_cut_short_is_left_out(tmp_path):
    path = tmp_path / "usage.jsonl"
    path.write_text(sample(1.0).to_line() + sample(2.0).to_line()[:20])
    UsageLog(path).add(sample(3.0))
    UsageLog(path).add(sample(5.0))
    assert [each.t for each in read_samples(path)] == [1.0, 5.0]


@pytest.mark.django_db
def test_charts_get_some_samples_the_newest_among_them(cluster):
    task = make_task(cluster, cpu_seconds=7.0, peak_memory=9)
    assert usage_of(task).samples == []
    file = folders.usage_file(task.pk)
    file.parent.mkdir(parents=True)
    file.write_text("".join(sample(float(t)).to_line() for t in range(1, 1000)))
    use = usage_of(task, most=100)
    assert len(use.samples) <= 100
    assert use.samples[-1].t == 999
    assert [each.t for each in usage_of(task, since=996).samples] == [997, 998, 999]
    assert (use.cpu_seconds, use.peak_memory) == (7.0, 9)
