"""The leaderboard: who is where, by which of their submissions, and since when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lyceum.competitions.actions.standings import refresh, take_ranks
from lyceum.competitions.models import FinalRule, Submission
from lyceum.competitions.queries.board import board, board_version, rank_of
from tests.competitions.arena import Arena

pytestmark = pytest.mark.django_db


def test_best_score_first_and_the_earlier_of_equal_ones():
    arena = Arena()
    ada, bo, cy = (arena.team(name) for name in ("ada", "bo", "cy"))
    arena.score(ada, 0.8)
    arena.score(bo, 0.9)
    arena.score(cy, 0.9)
    arena.score(ada, 0.7)
    assert arena.places() == [(1, "bo", 0.9), (2, "cy", 0.9), (3, "ada", 0.8)]
    earlier = timezone.now() - timedelta(hours=1)
    Submission.objects.filter(team=cy).update(created=earlier)
    refresh(cy, arena.round)
    assert arena.places() == [(1, "cy", 0.9), (2, "bo", 0.9), (3, "ada", 0.8)]
    first = arena.standing(bo).public_submission
    arena.score(bo, 0.9)
    assert arena.standing(bo).public_submission == first
    assert [row.submissions for row in board(arena.round).rows] == [1, 2, 2]


def test_lower_is_better_where_the_metric_says_so():
    arena = Arena()
    arena.set_round(higher_is_better=False)
    ada, bo = arena.team("ada"), arena.team("bo")
    arena.score(ada, 12.5)
    arena.score(ada, -3.25)
    arena.score(bo, 0.0)
    assert arena.places() == [(1, "ada", -3.25), (2, "bo", 0.0)]
    assert arena.standing(ada).public_key == 3.25


@pytest.mark.parametrize(
    ("rule", "chosen", "expected"),
    [
        (FinalRule.BEST, [], 0.5),  # the best public one, whatever it is worth
        (FinalRule.LAST, [], 0.6),
        (FinalRule.CHOSEN, [], 0.5),
        (FinalRule.CHOSEN, [1, 2], 0.8),
    ],
)
def test_which_submission_counts_at_the_end(rule, chosen, expected):
    arena = Arena(final_rule=rule)
    team = arena.team("ada")
    scores = [(0.9, 0.5), (0.7, 0.8), (0.6, 0.6)]
    made = [arena.score(team, public, private) for public, private in scores]
    Submission.objects.filter(pk__in=[made[n].pk for n in chosen]).update(chosen=True)
    refresh(team, arena.round)
    assert arena.places() == [(1, "ada", 0.9)]
    assert arena.places(private=True) == [(1, "ada", expected)]


def test_one_s_own_row_is_always_there_and_movement_is_since_yesterday():
    arena = Arena()
    teams = [arena.team(f"team{n}", f"mate{n}") for n in range(7)]
    for n, team in enumerate(teams):
        arena.score(team, 0.5 - n / 100)
    take_ranks(arena.round)
    late = arena.team("late")
    arena.score(late, 0.495)
    arena.score(teams[6], 0.55)
    shown = board(arena.round, page=2, size=3, viewer_team=teams[6])
    assert [(row.rank, row.team.name, row.movement) for row in shown.rows] == [
        (4, "team1", -2),
        (5, "team2", -2),
        (6, "team3", -2),
    ]
    assert (shown.total, shown.page, shown.pages) == (8, 2, 3)
    assert (shown.own.rank, shown.own.movement, shown.own.is_own) == (1, 6, True)
    assert [user.username for user in shown.own.members] == ["team6", "mate6"]
    assert not any(row.is_own for row in shown.rows)
    first = board(arena.round, size=3, viewer_team=late)
    assert [row.medal for row in first.rows] == ["gold", "silver", "bronze"]
    assert first.own == first.rows[2] and first.own.movement is None
    assert board(arena.round, page=99, size=3).page == 3
    assert rank_of(teams[5], arena.round) == 8
    assert rank_of(arena.team("idle"), arena.round) is None


def test_the_board_s_version_grows_when_it_changes_and_only_then():
    arena = Arena()
    team = arena.team("ada")
    empty = board_version(arena.round)
    arena.score(team, 0.5)
    assert (scored := board_version(arena.round)) > empty
    refresh(team, arena.round)
    assert board_version(arena.round) == scored == board(arena.round).version
    with pytest.raises(ValueError, match="finite"):
        arena.score(team, float("nan"))
