"""A competition whose submissions get the scores that a test says, by the real actions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.competitions.actions.results import record_failure, record_score
from lyceum.competitions.models import (
    Competition,
    CompetitionKind,
    Participation,
    Round,
    Standing,
    Submission,
    SubmissionState,
    Team,
)
from lyceum.competitions.queries.board import board

State = SubmissionState


class Arena:
    """A running technical competition, or a regular one, without files."""

    def __init__(
        self, *, rounds: int = 1, kind: str = CompetitionKind.TECHNICAL, **fields
    ) -> None:
        now = timezone.now()
        self.owner = User.objects.create_user("organiser")
        self.competition = Competition.objects.create(
            kind=kind, owner=self.owner, name="Digits", published=now, **fields
        )
        day = timedelta(days=1)
        self.rounds = [
            Round.objects.create(
                competition=self.competition,
                number=n,
                metric="accuracy",
                starts=now - day,
                ends=now + day * n,
            )
            for n in range(1, rounds + 1)
        ]
        self.round = self.rounds[0]

    def set_round(self, number: int = 1, **fields: Any) -> Round:
        """Change a round's row, and that of ours."""
        round_ = self.rounds[number - 1]
        Round.objects.filter(pk=round_.pk).update(**fields)
        round_.refresh_from_db()
        return round_

    def end_rounds(self) -> None:
        """Let all rounds be over."""
        past = timezone.now() - timedelta(minutes=1)
        Round.objects.filter(competition=self.competition).update(ends=past)

    def team(self, *names: str) -> Team:
        """A team of new people, called like the first of them."""
        users = [User.objects.create_user(name) for name in names]
        team = Team.objects.create(competition=self.competition, name=names[0], captain=users[0])
        for user in users:
            Participation.objects.create(competition=self.competition, user=user, team=team)
        return team

    def submit(self, team: Team, round_: Round | None = None, **fields: Any) -> Submission:
        """A submission that is being scored, as attempt 1."""
        values = {"state": State.SCORING, "attempt": 1, "queued": timezone.now()}
        return Submission.objects.create(
            round=round_ or self.round,
            team=team,
            user=team.captain,
            kind="file",
            day=timezone.now().date(),
            **values | fields,
        )

    def score(
        self,
        team: Team,
        public: float,
        private: float | None = None,
        *,
        round_: Round | None = None,
        **fields: Any,
    ) -> Submission:
        """A submission of ``team`` with this score."""
        submission = self.submit(team, round_, **fields)
        assert give_score(submission, public, private)
        return submission

    def places(self, **asked: Any) -> list[tuple[int, str, float]]:
        """The round's board: rank, team, score."""
        shown = board(self.round, **asked)
        return [(row.rank, row.team.name, row.score) for row in shown.rows]

    def standing(self, team: Team, round_: Round | None = None) -> Standing:
        return Standing.objects.get(round=round_ or self.round, team=team)


def give_score(
    submission: Submission, public: float, private: float | None = None, attempt: int | None = None
) -> bool:
    """Let the present scoring of a submission end with a score."""
    return record_score(
        submission.pk,
        attempt or submission.attempt,
        public=public,
        private=private,
        metrics={"public": {"accuracy": public}},
        made_with={"scikit-learn": "1.7"},
        seconds=0.1,
        rules_digest="d" * 64,
        fingerprint=[1, 2],
    )


def fail(submission: Submission, state: str = State.PLATFORM, **said: Any) -> bool:
    """Let the present scoring of a submission fail."""
    return record_failure(submission.pk, submission.attempt, state=state, **said)


def claim(submission: Submission) -> Submission:
    """Begin a queued scoring, as the dispatcher does."""
    submission.refresh_from_db()
    assert submission.is_open and submission.state == State.QUEUED
    submission.state, submission.attempt = State.SCORING, submission.attempt + 1
    submission.save(update_fields=["state", "attempt"])
    return submission
