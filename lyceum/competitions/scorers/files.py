"""The score of a file of predictions, by built-in metrics or the organiser's program."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lyceum.competitions import folders
from lyceum.competitions.models import Round, Submission, SubmissionState
from lyceum.competitions.scorers import sandbox
from lyceum.competitions.scorers.faults import (
    SCORING_FAILED,
    BrokenRound,
    NoScore,
    TryAgain,
    bad_output,
)
from lyceum.engine.base import Status
from lyceum.scoring import Report, Rules, apart, programs

State = SubmissionState
_PASSING = ("crashed", "too_slow")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What `lyceum.competitions.actions.results.record_score` keeps of a score."""

    public: float
    private: float | None
    metrics: dict[str, Any]
    made_with: Mapping[str, str] = field(default_factory=dict)


def judge(submission: Submission, file: Path, *, is_hidden: bool) -> Judgement:
    """Score ``file``. ``is_hidden``: it was made of hidden inputs, so that no value in it
    may be told. Raises ``NoScore``, ``TryAgain``, ``BrokenRound``."""
    round_ = submission.round
    if not round_.truth_name or not folders.truth(round_).is_file():
        raise BrokenRound("The round has no truth.")
    if round_.program:
        return _by_program(submission, file, is_hidden=is_hidden)
    return _by_rules(round_, file, is_hidden=is_hidden)


def rules_digest(round_: Round) -> str:
    """The SHA-256 of what the round is scored by: the truth, the rules, the program."""
    digest = hashlib.sha256()
    for each in (round_.truth_sha256, round_.rules, round_.program, round_.program_environment):
        digest.update(each.encode() + b"\0")
    if round_.program:
        folder = folders.program(round_)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _by_rules(round_: Round, file: Path, *, is_hidden: bool) -> Judgement:
    rules, truth = Rules.from_json(round_.rules), folders.truth(round_)
    verdict = apart.score(rules, truth, file)
    if verdict.report is not None:
        raise _refused(verdict.report, is_hidden=is_hidden)
    if verdict.score is None:
        raise _fault(verdict.fault, rules, truth, file)
    score = verdict.score
    public, private = score.public or score.whole, score.private
    metrics = {"public": dict(public.metrics)}
    if private is not None:
        metrics["private"] = dict(private.metrics)
    return Judgement(public.total, private and private.total, metrics, dict(score.made_with))


def _refused(report: Report, *, is_hidden: bool) -> NoScore:
    if not is_hidden:
        return NoScore(State.INVALID, report=report.as_dict())
    codes = sorted({problem.code for problem in report.problems})
    return bad_output(codes, "\n".join(report.sentences()))


def _fault(fault: str, rules: Rules, truth: Path, file: Path) -> Exception:
    if fault in _PASSING:
        return TryAgain(f"the process that scores: {fault}")
    # Truth and rules are at fault for all, or a metric is not defined for this file alone.
    if apart.check(rules, truth, file).fault:
        return BrokenRound(fault)
    return NoScore(State.ORGANISER, SCORING_FAILED, detail=fault)


def _by_program(submission: Submission, file: Path, *, is_hidden: bool) -> Judgement:
    round_ = submission.round
    sandbox.make_ready(round_.program_environment)
    with sandbox.working_folder(submission) as out:
        workload = programs.workload(
            folders.program(round_),
            folders.truth(round_),
            file,
            out,
            environment=round_.program_environment,
            labels={"submission": str(submission.pk)},
        )
        status, log = sandbox.run(workload, sandbox.run_id(submission, "score"))
        outcome = programs.outcome(status, out, log=log)
    return _of_outcome(outcome, status, round_, is_hidden=is_hidden)


def _of_outcome(
    outcome: programs.Outcome, status: Status, round_: Round, *, is_hidden: bool
) -> Judgement:
    if outcome.blame == programs.Blame.PLATFORM:
        raise TryAgain(outcome.detail or str(status.reason))
    sentences = outcome.sentence("en"), outcome.sentence("zh")
    if outcome.blame == programs.Blame.SUBMISSION:
        if is_hidden:  # its words may quote what the code wrote
            raise bad_output(["submission"], f"{outcome.message}\n{outcome.detail}")
        raise NoScore(State.INVALID, sentences, detail=outcome.detail)
    if outcome.blame == programs.Blame.PROGRAM:
        raise NoScore(State.ORGANISER, sentences, detail=outcome.detail)
    values = dict(outcome.values)
    total = values.pop("total")
    if not round_.has_private:
        return Judgement(total, None, {"public": values})
    public, private = values.pop("public", total), values.pop("private", total)
    # Which part other values are of is not known: with the private score, the organiser's.
    return Judgement(public, private, {"public": {}, "private": values})
