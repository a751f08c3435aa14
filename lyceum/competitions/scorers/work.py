"""One claimed submission, from what was handed in to its score or the reason for none."""

from __future__ import annotations

import hashlib
import logging
import time
from pathlib import Path

from django.db import transaction

from lyceum.competitions import folders, scoring_work, similarity
from lyceum.competitions.actions.results import record_failure, record_score
from lyceum.competitions.models import Round, Submission, SubmissionKind, SubmissionState
from lyceum.competitions.scorers import code, services
from lyceum.competitions.scorers.faults import GONE, BrokenRound, NoScore, TryAgain
from lyceum.competitions.scorers.files import Judgement, judge, rules_digest

log = logging.getLogger(__name__)

State = SubmissionState


def score(submission: Submission) -> None:
    """Score a submission that `scoring_work.claim` gave; never raises for what it is."""
    attempt = submission.pk, submission.attempt
    try:
        _score(submission)
    except NoScore as why:
        english, chinese = why.sentences
        record_failure(
            *attempt, state=why.state, report=why.report,
            sentence=english, sentence_zh=chinese, detail=why.detail,
        )  # fmt: skip
    except BrokenRound as fault:
        _wait_for_organiser(submission, str(fault))
    except TryAgain as error:
        log.warning("submission %s, attempt %s: %s", *attempt, error)
        scoring_work.give_back(*attempt, why=str(error))
    except Exception as error:
        log.exception("submission %s, attempt %s could not be scored", *attempt)
        scoring_work.give_back(*attempt, why=repr(error))


def _score(submission: Submission) -> None:
    began = time.monotonic()
    # What it is scored by is read first: a change meanwhile must not be told as used.
    digest = rules_digest(submission.round)
    is_hidden = submission.kind != SubmissionKind.FILE
    file = _predictions(submission)
    judgement = judge(submission, file, is_hidden=is_hidden)
    _record(submission, judgement, file, digest, time.monotonic() - began)


def _record(
    submission: Submission, judgement: Judgement, file: Path, digest: str, seconds: float
) -> None:
    # Before the score is seen: who sees that it is there finds the pairs there too.
    marks = similarity.fingerprint(submission.round.rules, file)
    kept = record_score(
        submission.pk,
        submission.attempt,
        public=judgement.public,
        private=judgement.private,
        metrics=judgement.metrics,
        made_with=judgement.made_with,
        seconds=seconds,
        rules_digest=digest,
        fingerprint=marks,
    )
    if kept:
        submission.refresh_from_db()
        similarity.note_similar(submission)


def _predictions(submission: Submission) -> Path:
    """The file to score; one that code or a service made of these inputs is kept."""
    competition_id = submission.round.competition_id
    if submission.kind == SubmissionKind.FILE:
        file = folders.submitted(submission, competition_id)
        if not file.is_file():
            raise NoScore(State.PLATFORM, GONE, detail=f"{file} is missing")
        return file
    if submission.file_name:
        made = folders.submitted(submission, competition_id)
        if made.is_file() and _is_of_present_inputs(made, submission.round):
            return made
    maker = code if submission.kind == SubmissionKind.CODE else services
    name = maker.output_name(submission)
    folder = folders.of_submission(submission, competition_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = folder / f".{submission.attempt}-{name}"
    try:
        maker.run(submission, fresh)
        _keep(submission, fresh, name)
    finally:
        fresh.unlink(missing_ok=True)
    return folder / name


def _is_of_present_inputs(made: Path, round_: Round) -> bool:
    if not round_.inputs_name:
        return True
    inputs = folders.inputs(round_)
    return inputs.is_file() and inputs.stat().st_mtime_ns < made.stat().st_mtime_ns


def _keep(submission: Submission, fresh: Path, name: str) -> None:
    """Put what was made in its place, unless another attempt has begun meanwhile."""
    with open(fresh, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    about = {"file_name": name, "size": fresh.stat().st_size, "sha256": digest}
    with transaction.atomic():
        rows = Submission.objects.filter(pk=submission.pk, attempt=submission.attempt)
        if not rows.filter(state=State.SCORING).update(**about):
            raise TryAgain("another attempt has begun")
        fresh.replace(fresh.with_name(name))
    submission.file_name = name


def _wait_for_organiser(submission: Submission, fault: str) -> None:
    """Nothing of the round is scored until its organiser has mended it."""
    log.warning("round %s can't be scored: %s", submission.round_id, fault)
    before = submission.round
    with transaction.atomic():
        # Unless it has been mended while this was being scored.
        rows = Round.objects.filter(
            pk=before.pk, rules=before.rules, truth_name=before.truth_name, program=before.program
        )
        rows.update(fault=fault[:2000])
        scoring_work.give_back(submission.pk, submission.attempt, counted=False)
