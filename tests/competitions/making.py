"""Competitions with files, rules and participants, for the tests of competitions.

A round's truth is six labels by id, three of them in the public part; `answers` makes a
submission of which so many are right.
"""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.competitions import folders
from lyceum.competitions.actions.joining import join
from lyceum.competitions.actions.submitting import submit_file
from lyceum.competitions.models import (
    Competition,
    CompetitionKind,
    Participation,
    Round,
    RulesText,
    Submission,
)
from lyceum.scoring import Rules

TRUTH = {1: "cat", 2: "dog", 3: "cat", 4: "dog", 5: "cat", 6: "dog"}
PUBLIC = (1, 2, 3)
RULES = """
{
  "targets": [{"name": "kind", "type": "label", "values": ["cat", "dog"]}],
  "metrics": [{"name": "accuracy"}],
  "split": {"column": "part"}
}
"""


def make_user(name: str, **fields: Any) -> User:
    """A learner whose e-mail address is their own, unless given."""
    return User.objects.create_user(name, **{"email": f"{name}@example.org"} | fields)


def make_competition(
    owner: User, *, rounds: int = 1, published: bool = True, **fields: Any
) -> Competition:
    """A running competition (technical, with teams of up to three) whose files are there.

    Round 1 began yesterday and ends in nine days; each further one follows for ten days.
    """
    now = timezone.now()
    regular = fields.get("kind") == CompetitionKind.REGULAR
    about = {
        "kind": CompetitionKind.TECHNICAL,
        "name": "Cats and dogs",
        "published": now if published else None,
        "teams_allowed": not regular,
        "team_size_max": 1 if regular else 3,
    }
    competition = Competition.objects.create(owner=owner, **about | fields)
    RulesText.objects.create(competition=competition, number=1, text="Be fair.", author=owner)
    for number in range(1, rounds + 1):
        make_round(competition, number=number)
    first, last = competition.rounds.first(), competition.rounds.last()
    competition.starts, competition.ends = first.starts, last.ends
    competition.save(update_fields=["starts", "ends"])
    return competition


def make_round(competition: Competition, *, number: int = 1, **fields: Any) -> Round:
    """A round with its truth; its dates follow from its number unless given."""
    starts = timezone.now() - timedelta(days=1) + timedelta(days=10 * (number - 1))
    about = {
        "starts": starts,
        "ends": starts + timedelta(days=10),
        "rules": Rules.from_json(RULES).to_json(),
        "metric": "accuracy",
        "has_private": True,
        "truth_name": "truth.csv",
        "truth_rows": len(TRUTH),
    }
    round_ = Round.objects.create(competition=competition, number=number, **about | fields)
    lines = [f"{n},{kind},{'public' if n in PUBLIC else 'private'}" for n, kind in TRUTH.items()]
    write(folders.truth(round_), "\n".join(["id,kind,part", *lines]).encode())
    return round_


def set_round(competition: Competition, number: int = 1, **fields: Any) -> Round:
    """Change a round's row, for example its dates."""
    Round.objects.filter(competition=competition, number=number).update(**fields)
    return competition.rounds.get(number=number)


def join_as(name: str, competition: Competition, **fields: Any) -> Participation:
    """A new learner who takes part, having accepted the newest rules."""
    newest = competition.rules_texts.first()
    return join(make_user(name, **fields), competition.pk, rules_number=newest.number)


def answers(right: int = len(TRUTH), *, without: int | None = None) -> bytes:
    """A submission whose first ``right`` labels are right; ``without``: lacking that id."""
    wrong = {"cat": "dog", "dog": "cat"}
    lines = [
        f"{n},{kind if n <= right else wrong[kind]}" for n, kind in TRUTH.items() if n != without
    ]
    return "\n".join(["id,kind", *lines, ""]).encode()


def hand_in(
    user: User, competition: Competition, data: bytes | None = None, **fields: Any
) -> Submission:
    """Submit ``data``, a good file unless given."""
    file = io.BytesIO(answers() if data is None else data)
    return submit_file(user, competition.pk, file=file, **{"name": "mine.csv"} | fields)


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
