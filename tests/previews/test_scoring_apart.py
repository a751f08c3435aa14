"""Submissions are scored in a process of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lyceum.previews.workers import Crew, run
from lyceum.scoring import apart
from lyceum.scoring.rules import Column, MetricUse, Rules
from tests.scoring.files import score, write

RULES = Rules((Column("y"),), (MetricUse("rmse"),))


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write(tmp_path / "truth.csv", {"id": range(50), "y": range(50)})


def test_the_same_score_report_and_fault(tmp_path, truth):
    mine = write(tmp_path / "mine.csv", {"id": range(50), "y": [n / 3 for n in range(50)]})
    assert apart.score(RULES, truth, mine).score == score(RULES, truth, mine)
    report = apart.check(RULES, truth, mine).report
    assert report is not None and report.ok
    mine.write_text("id,y\n1,x\n")
    report = apart.check(RULES, truth, mine).report
    assert report is not None and apart.score(RULES, truth, mine).report == report
    assert [each.row for each in report.problems if each.code == "not_a_number"] == [2]
    wrong = write(tmp_path / "wrong.csv", {"id": [1, 1], "y": [1, 2]})
    assert "an id twice" in apart.score(RULES, wrong, mine).fault


def test_a_truth_that_changed_is_read_anew(tmp_path, truth):
    mine = write(tmp_path / "mine.csv", {"id": range(50), "y": range(50)})
    first = apart.score(RULES, truth, mine).score
    write(truth, {"id": range(50), "y": range(100, 150)})
    second = apart.score(RULES, truth, mine).score
    assert first and second and (first.total, second.total) == (0, 100)


def test_a_process_that_dies_is_replaced(tmp_path, truth):
    mine = write(tmp_path / "mine.csv", {"id": range(50), "y": range(50)})
    came = run(os._exit, 1, seconds=30, crew=Crew.SCORE)
    assert came.code == "crashed"
    assert apart.score(RULES, truth, mine).score is not None
    os.mkfifo(tmp_path / "pipe")  # nobody ever writes into it
    assert apart.score(RULES, truth, tmp_path / "pipe", seconds=2).fault == "too_slow"
