"""Submissions of different teams that are nearly the same, for the organiser to look at.

A fingerprint is what a submission says of the same few hundred rows (chosen by their ids),
a small number each; so the share of equal ones estimates, without a bias, in how many rows
two submissions agree. Numbers count to three digits: a little noise hides no copy. It is
made in the process that opens files of people, and says nothing of the truth.
"""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.db.models import Q

from lyceum.competitions.models import SimilarPair, Submission
from lyceum.previews import Problem
from lyceum.previews.workers import Crew, run
from lyceum.scoring import Rules

SIMILAR = 0.99
LEAST_ROWS = 20
"""Fewer rows than that may well be equal by chance."""

_ROWS = 256
_NEAREST = 100
_SECONDS = 60.0
_DIGITS = 3


def fingerprint(rules_json: str, file: Path) -> list[int]:
    """What a submission is compared by; empty where it can't be told."""
    made = run(_fingerprint, rules_json, file, seconds=_SECONDS, crew=Crew.SCORE)
    return [] if isinstance(made, Problem) else made


def similarity(one: Sequence[int], other: Sequence[int]) -> float:
    """The share of rows that agree; 0 where they can't be compared."""
    if len(one) != len(other) or len(one) < LEAST_ROWS:
        return 0.0
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


def note_similar(submission: Submission) -> int:
    """Keep the pairs that a scored submission makes with other teams' ones; how many.

    Near-duplicates score nearly the same, so only the nearest by public score are looked
    at. Of two teams the most similar pair of a round is kept.
    """
    if submission.public_score is None or len(submission.fingerprint) < LEAST_ROWS:
        return 0
    found: dict[int, tuple[float, Submission]] = {}
    for other in _nearest(submission):
        share = similarity(submission.fingerprint, other.fingerprint)
        if share >= SIMILAR and share > found.get(other.team_id, (0.0, None))[0]:
            found[other.team_id] = share, other
    return sum(_keep(submission, other, share) for share, other in found.values())


def _nearest(submission: Submission) -> Iterable[Submission]:
    rows = Submission.objects.filter(
        round_id=submission.round_id, is_open=False, public_score__isnull=False
    ).exclude(team_id=submission.team_id)
    rows = rows.only("id", "team_id", "fingerprint", "public_score")
    score = submission.public_score
    above = rows.filter(public_score__gte=score).order_by("public_score")[:_NEAREST]
    below = rows.filter(public_score__lt=score).order_by("-public_score")[:_NEAREST]
    return itertools.chain(above, below)


def _keep(submission: Submission, other: Submission, share: float) -> bool:
    first, second = sorted((submission, other), key=lambda each: each.pk)
    teams = {submission.team_id, other.team_id}
    pairs = SimilarPair.objects.filter(round_id=submission.round_id)
    of_teams = pairs.filter(
        Q(first__team__in=teams, second__team__in=teams) & ~Q(first=first, second=second)
    )
    if of_teams.filter(similarity__gte=share).exists():
        return False
    of_teams.filter(dismissed=None).delete()
    pairs.update_or_create(
        first=first, second=second,
        defaults={"round_id": submission.round_id, "similarity": share},
    )  # fmt: skip
    return True


def _fingerprint(rules_json: str, file: Path) -> list[int]:
    rows = _by_rules(Rules.from_json(rules_json), file) if rules_json else _by_lines(file)
    ordered = sorted(rows, key=lambda row: hashlib.sha256(row[0].encode()).digest())
    return [_number(value) for _key, value in ordered[:_ROWS]]


def _by_rules(rules: Rules, file: Path) -> list[tuple[str, str]]:
    """Each row's id, and what it predicts, in one way of writing."""
    from lyceum.scoring.files import table_of
    from lyceum.scoring.tables import Database

    names = [rules.id.name, *(column.name for column in rules.submitted)]
    with tempfile.TemporaryDirectory(prefix="lyceum-fingerprint-") as made:
        folder = Path(made).resolve()
        table = table_of(file, folder / "submission.csv", wanted=names)
        columns = [f"c{table.header.index(name)}" for name in names]
        with Database(folder) as database:
            found = database.select(table, columns)
        texts = [[_written(each) for each in found[column].filled("")] for column in columns]
    ids, *values = texts
    return [(key, "\0".join(row)) for key, row in zip(ids, zip(*values, strict=True), strict=True)]


def _by_lines(file: Path) -> list[tuple[str, str]]:
    lines = file.read_bytes().decode("utf-8", "replace").splitlines()
    return [(str(place), " ".join(line.split())) for place, line in enumerate(lines)]


def _written(value: object) -> str:
    text = str(value).strip()
    try:
        return f"{float(text):.{_DIGITS}g}"
    except ValueError:
        return text


def _number(value: str) -> int:
    return int.from_bytes(hashlib.sha256(value.encode()).digest()[:2], "big")
