"""Checks and scores in a process of its own, with limits: what the platform calls.

A file that breaks its reader ends that process, which is replaced; it takes nothing along.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lyceum.previews import Problem
from lyceum.previews.workers import Crew, run
from lyceum.scoring.problems import Refused, Report
from lyceum.scoring.rules import Rules, RulesError
from lyceum.scoring.scores import Score

if TYPE_CHECKING:
    # Imports NumPy and DuckDB, which only the process that scores has a use for.
    from lyceum.scoring.scorer import Scorer

_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a file: a ``score``; or a ``report`` of what is wrong with it; or, which
    costs nobody an attempt, ``fault``: the organiser's, in words, or ``crashed`` or
    ``too_slow``."""

    score: Score | None = None
    report: Report | None = None
    fault: str = ""


def check(rules: Rules, truth: Path, submission: Path, *, seconds: float = _SECONDS) -> Verdict:
    """Whether a file can be scored: a ``report``, also of a good one."""
    return _outcome(run(_check, rules.to_json(), truth, submission, seconds=seconds,
                        crew=Crew.SCORE))  # fmt: skip


def score(rules: Rules, truth: Path, submission: Path, *, seconds: float = _SECONDS) -> Verdict:
    """A file's score, or what is wrong with it."""
    return _outcome(run(_score, rules.to_json(), truth, submission, seconds=seconds,
                        crew=Crew.SCORE))  # fmt: skip


def inspect(rules: Rules, truth: Path, *, seconds: float = _SECONDS) -> Verdict:
    """Whether a truth fits the rules: a ``report`` of its rows, or the ``fault``."""
    return _outcome(run(_inspect, rules.to_json(), truth, seconds=seconds, crew=Crew.SCORE))


def _outcome(came: Verdict | Problem) -> Verdict:
    return Verdict(fault=came.code) if isinstance(came, Problem) else came


def _check(rules: str, truth: Path, submission: Path) -> Verdict:
    try:
        return Verdict(report=_scorer(rules, truth, _state(truth)).check(submission))
    except RulesError as error:
        return Verdict(fault=str(error))


def _inspect(rules: str, truth: Path) -> Verdict:
    try:
        return Verdict(report=Report(rows=_scorer(rules, truth, _state(truth)).rows))
    except RulesError as error:
        return Verdict(fault=str(error))


def _score(rules: str, truth: Path, submission: Path) -> Verdict:
    try:
        return Verdict(score=_scorer(rules, truth, _state(truth)).score(submission))
    except Refused as refused:
        return Verdict(report=refused.report)
    except RulesError as error:
        return Verdict(fault=str(error))


def _state(truth: Path) -> tuple[int, int]:
    about = truth.stat()
    return about.st_mtime_ns, about.st_size


@lru_cache(maxsize=2)
def _scorer(rules: str, truth: Path, _state: tuple[int, int]) -> Scorer:
    """One for the submissions of a competition: the truth is read once."""
    from lyceum.scoring.scorer import Scorer

    return Scorer(Rules.from_json(rules), truth)
