"""The end of rounds: places, who goes on, the pool, and what a later decision changes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from lyceum.competitions import pool
from lyceum.competitions.actions.finishing import finish_round, may_enter
from lyceum.competitions.actions.judging import disqualify, rejudge, restore
from lyceum.competitions.models import AuditEvent, Certificate, TieRule
from lyceum.competitions.queries.board import board
from lyceum.competitions.queries.prizes import final_report, prizes_of
from tests.competitions.arena import Arena, claim, fail, give_score

POOL = {"pool_amount": Decimal("1000.00"), "pool_shares": [0.5, 0.3, 0.2]}


def amounts(arena: Arena) -> dict[str, str]:
    parts = arena.competition.pool_parts.select_related("team")
    return {part.team.name: f"{part.place}: {part.amount}" for part in parts}


@pytest.mark.django_db
def test_a_round_ends_once_its_dates_are_over_and_all_is_scored():
    arena = Arena(rounds=2)
    arena.set_round(1, advance="top", advance_count=2, has_private=True)
    teams = [arena.team(name) for name in ("ada", "bo", "cy")]
    for n, team in enumerate(teams):
        arena.score(team, 0.9 - n / 10, 0.1 + n / 10)
    late = arena.submit(teams[0])
    first, second = arena.rounds
    assert not finish_round(first.pk)
    arena.end_rounds()
    assert not finish_round(first.pk)  # one is still being scored
    fail(late)
    assert not finish_round(second.pk)  # the first comes first
    assert not any(may_enter(team, second) for team in teams)
    assert finish_round(first.pk)
    assert not finish_round(first.pk)
    assert arena.places(private=True)[0] == (1, "cy", pytest.approx(0.3))
    assert [may_enter(team, second) for team in teams] == [False, True, True]
    assert [arena.standing(team).final_rank for team in teams] == [3, 2, 1]
    assert all(may_enter(team, first) for team in teams)
    assert finish_round(second.pk)
    arena.competition.refresh_from_db()
    assert arena.competition.finished
    assert [row.medal for row in board(first).rows] == ["", "", ""]  # not the last round


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("advance", "going"),
    [
        ({"advance": "all"}, [True, True, False]),
        ({"advance": "score", "advance_score": 0.4}, [False, True, False]),
    ],
)
def test_who_goes_on(advance, going):
    arena = Arena(rounds=2)
    arena.set_round(1, higher_is_better=False, **advance)
    teams = [arena.team(name) for name in ("ada", "bo", "cy")]
    arena.score(teams[0], 0.5)
    arena.score(teams[1], 0.4)
    fail(arena.submit(teams[2]))
    arena.end_rounds()
    finish_round(arena.round.pk)
    assert [may_enter(team, arena.rounds[1]) for team in teams] == going


@pytest.mark.django_db
def test_the_first_three_share_the_pool_and_a_later_decision_shares_it_anew():
    arena = Arena(**POOL)
    teams = [arena.team(name, f"{name}-mate") for name in ("ada", "bo", "cy", "di")]
    made = [arena.score(team, 0.9 - n / 10) for n, team in enumerate(teams)]
    arena.end_rounds()
    assert finish_round(arena.round.pk)
    assert amounts(arena) == {"ada": "1: 500.00", "bo": "2: 300.00", "cy": "3: 200.00"}
    mine = prizes_of(teams[0].captain)
    code = mine.certificates[0].code
    said = [(each.place, each.teams, each.team_name) for each in mine.certificates]
    assert said == [(1, 4, "ada")] and mine.pool_parts[0].amount == 500
    assert Certificate.objects.count() == 8

    disqualify(arena.owner, teams[0].pk, reason="Two accounts.")
    assert amounts(arena) == {"bo": "1: 500.00", "cy": "2: 300.00", "di": "3: 200.00"}
    assert not prizes_of(teams[0].captain)
    event = AuditEvent.objects.filter(action="round_finished").first()
    assert event.data["again"] and event.data["changed"] == 4
    assert event.reason == "Two accounts."
    restore(arena.owner, teams[0].pk, reason="They are two.")
    assert amounts(arena)["ada"] == "1: 500.00"
    assert prizes_of(teams[0].captain).certificates[0].code == code

    rejudge(arena.owner, arena.round.pk, scope="round", reason="The truth was wrong.")
    for n, submission in enumerate(made):
        assert amounts(arena)["ada"] == "1: 500.00"  # until the last of them is scored
        give_score(claim(submission), 0.1 + n / 10)
    assert amounts(arena) == {"di": "1: 500.00", "cy": "2: 300.00", "bo": "3: 200.00"}
    assert prizes_of(teams[0].captain).certificates[0].place == 4
    old = Certificate.objects.get(code=code)
    assert old.revoked and old.revoked_reason == "The truth was wrong."
    report = final_report(arena.competition)
    assert [(row.rank, row.team.name, row.medal) for row in report] == [
        (1, "di", "gold"),
        (2, "cy", "silver"),
        (3, "bo", "bronze"),
        (4, "ada", ""),
    ]
    assert [row.amount for row in report] == [500, 300, 200, None]


@pytest.mark.django_db
def test_nobody_is_sent_back_from_a_round_that_has_begun():
    arena = Arena(rounds=2)
    arena.set_round(1, advance="top", advance_count=1)
    arena.set_round(2, starts=timezone.now() + timedelta(days=3))
    ada, bo = arena.team("ada"), arena.team("bo")
    arena.score(ada, 0.9)
    second = arena.score(bo, 0.8)
    arena.set_round(1, ends=timezone.now() - timedelta(minutes=1))
    finish_round(arena.round.pk)
    going = lambda: [may_enter(team, arena.rounds[1]) for team in (ada, bo)]  # noqa: E731
    assert going() == [True, False]
    arena.set_round(2, starts=timezone.now() - timedelta(minutes=1))
    rejudge(arena.owner, arena.round.pk, scope="team", team_id=bo.pk, reason="Wrong.")
    give_score(claim(second), 0.95)
    assert going() == [True, True]
    disqualify(arena.owner, ada.pk, reason="Two accounts.")
    assert going() == [False, True]


def test_ties_share_by_the_rule():
    keys, shares, total = [5.0, 5.0, 3.0, 2.0, 2.0, 1.0], [0.5, 0.3, 0.1, 0.1], Decimal(100)
    shared = pool.parts(keys, shares, total, TieRule.SHARED)
    assert [(part.place, part.amount) for part in shared] == [
        (1, 40), (1, 40), (3, 10), (4, 5), (4, 5),
    ]  # fmt: skip
    earlier = pool.parts(keys, shares, total, TieRule.EARLIER)
    assert [(part.place, part.amount) for part in earlier] == [(1, 50), (2, 30), (3, 10), (4, 10)]


@given(
    keys=st.lists(st.integers(0, 3), max_size=8),
    weights=st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any),
    cents=st.integers(1, 10**9),
    rule=st.sampled_from(TieRule),
)
def test_parts_are_never_more_than_the_pool(keys, weights, cents, rule):
    keys = sorted(keys, reverse=True)
    shares = [round(weight / sum(weights), 6) for weight in weights]
    shares[0] += min(0.0, 1.0 - sum(shares))
    total = Decimal(cents) / 100
    found = pool.parts(keys, shares, total, rule)
    assert sum(part.amount for part in found) <= total
    assert sum(part.share for part in found) <= 1
    if rule == TieRule.SHARED:
        won = {}
        for key, part in zip(keys, found, strict=False):
            assert won.setdefault(key, part) == part
