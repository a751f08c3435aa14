"""Prizes for passing (guide, 常规赛: 通过即可获得奖品): at once, each once."""

from __future__ import annotations

import pytest

from lyceum.common.errors import DomainError, Forbidden
from lyceum.competitions.actions.judging import disqualify, exclude, include, restore
from lyceum.competitions.actions.prizes import add_prize_codes
from lyceum.competitions.models import Certificate, PrizeCode
from lyceum.competitions.queries.prizes import prizes_of
from tests.competitions.arena import Arena, give_score
from tests.support.concurrency import at_once


def regular(**fields) -> Arena:
    arena = Arena(kind="regular", pass_score=10.0, **fields)
    arena.set_round(higher_is_better=False)
    return arena


@pytest.mark.django_db
def test_who_reaches_the_score_has_certificate_and_code_at_once():
    arena = regular()
    added = add_prize_codes(arena.owner, arena.competition.pk, " A1 \nB2\n\nA1\n")
    assert (added.added, added.known, added.handed_out) == (2, 0, 0)
    team = arena.team("ada")
    arena.score(team, 10.5)
    assert not prizes_of(team.captain)
    arena.score(team, 10.0)
    arena.score(team, 7.0)
    mine = prizes_of(team.captain, arena.competition)
    assert [(each.kind, each.score, each.holder) for each in mine.certificates] == [
        ("passed", 10.0, "ada")
    ]
    assert [each.code for each in mine.codes] == ["A1"]


@pytest.mark.django_db
def test_a_certificate_is_revoked_and_comes_back_with_its_code():
    arena = regular()
    team = arena.team("ada")
    arena.score(team, 12.0)
    best = arena.score(team, 7.0)
    code = Certificate.objects.get().code
    for undo, do, pk in ((include, exclude, best.pk), (restore, disqualify, team.pk)):
        do(arena.owner, pk, reason="A leak.")
        certificate = Certificate.objects.get()
        assert certificate.revoked and certificate.revoked_reason == "A leak."
        assert not prizes_of(team.captain)
        undo(arena.owner, pk, reason="None.")
        certificate = Certificate.objects.get()
        assert (certificate.code, certificate.revoked) == (code, None)


@pytest.mark.django_db
def test_codes_that_come_late_go_to_who_passed_first():
    arena = regular()
    teams = [arena.team(name) for name in ("ada", "bo", "cy")]
    for team in teams:
        arena.score(team, 7.0)
    disqualify(arena.owner, teams[0].pk, reason="Two accounts.")
    added = add_prize_codes(arena.owner, arena.competition.pk, "A1")
    assert (added.added, added.handed_out) == (1, 1)
    added = add_prize_codes(arena.owner, arena.competition.pk, "A1\nB2\nC3")
    assert (added.added, added.known, added.handed_out) == (2, 1, 1)
    assert not prizes_of(teams[0].captain)
    given = PrizeCode.objects.order_by("code").values_list("participation__user__username")
    assert [name for (name,) in given] == ["bo", "cy", None]
    with pytest.raises(Forbidden):
        add_prize_codes(teams[1].captain, arena.competition.pk, "D4")
    for wrong in ("\n \n", "x" * 201):
        with pytest.raises(DomainError):
            add_prize_codes(arena.owner, arena.competition.pk, wrong)


@pytest.mark.django_db(transaction=True)
def test_codes_are_handed_out_once_when_many_pass_at_once():
    arena = regular()
    add_prize_codes(arena.owner, arena.competition.pk, "\n".join(f"C{n}" for n in range(5)))
    made = [arena.submit(team) for team in [arena.team(f"t{n}") for n in range(8)] for _ in "ab"]
    results = at_once(
        *(lambda each=each: give_score(each, 5.0) for each in made),
        lambda: add_prize_codes(arena.owner, arena.competition.pk, "D1\nD2"),
    )
    assert all(results[:-1])
    assert Certificate.objects.count() == 8
    given = PrizeCode.objects.exclude(participation=None)
    assert given.count() == given.values("participation").distinct().count() == 7
