"""A submission as its team sees it: the place in the queue, what is wrong, its scores."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from lyceum.competitions.models import Submission, SubmissionState
from lyceum.competitions.queries.queue import Place, queue_place

_UNKNOWN = (None, "")


@dataclass(frozen=True, slots=True)
class ShownSubmission:
    """A submission and, while there is scoring to do, its place in the queue."""

    submission: Submission
    place: Place | None

    @property
    def mark(self) -> str:
        """Another word whenever what is shown of it is another."""
        each, place = self.submission, self.place
        said = [each.pk, each.state, each.attempt, each.public_score, self.private_score]
        said += [each.chosen, each.excluded, self.sentence, place and place.position]
        said += [place and place.expected_seconds and round(place.expected_seconds)]
        return hashlib.sha256(repr(said).encode()).hexdigest()[:12]

    @property
    def sentence(self) -> str:
        """Why it has no score, in the reader's language."""
        return self.submission.sentence_zh if _in_chinese() else self.submission.sentence

    @property
    def private_score(self) -> float | None:
        """The private score, once the round is finished."""
        each = self.submission
        return each.private_score if each.round.finished is not None else None

    @property
    def public_metrics(self) -> dict[str, float]:
        """The single metrics' values in the public part, where there are several."""
        found = (self.submission.metrics or {}).get("public") or {}
        return found if len(found) > 1 else {}

    @property
    def problems(self) -> list[dict[str, Any]]:
        """What the check found: ``row``, ``column``, ``value`` and ``text`` in words."""
        listed = (self.submission.report or {}).get("problems", [])
        return [{**each, "text": _without_place(each)} for each in listed]

    @property
    def unlisted(self) -> int:
        """How many more problems there are than are listed."""
        report = self.submission.report or {}
        return max(0, report.get("total", 0) - len(report.get("problems", [])))

    @property
    def can_be_final(self) -> bool:
        each = self.submission
        return (
            each.state in (SubmissionState.SCORED, SubmissionState.QUEUED, SubmissionState.SCORING)
            and each.public_score is not None
            and each.excluded is None
        )


def shown(submissions: Iterable[Submission]) -> list[ShownSubmission]:
    """``submissions`` in their order."""
    return [
        ShownSubmission(each, queue_place(each) if each.is_open else None) for each in submissions
    ]


def mark_of(lines: Iterable[ShownSubmission]) -> str:
    """One word for all that is shown of them."""
    return hashlib.sha256("".join(line.mark for line in lines).encode()).hexdigest()[:12]


def _without_place(problem: dict[str, Any]) -> str:
    """The sentence without row and column, which the table shows apart."""
    sentence = problem["zh" if _in_chinese() else "en"]
    if problem.get("row") in _UNKNOWN and problem.get("column") in _UNKNOWN:
        return sentence
    return sentence.split("：" if _in_chinese() else ": ", 1)[-1]


def _in_chinese() -> bool:
    return (get_language() or "").startswith("zh")
