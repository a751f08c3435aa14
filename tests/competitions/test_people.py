"""Joining, leaving, teams and merging: nobody wins attempts or takes part twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lyceum.common.errors import Conflict, DomainError, Forbidden, NotFound
from lyceum.competitions.actions.joining import join, leave
from lyceum.competitions.actions.teams import (
    accept_invite,
    answer_merge,
    ask_merge,
    create_team,
    hand_over,
    leave_team,
    remove_member,
    rename_team,
    renew_invite,
    withdraw_merge,
)
from lyceum.competitions.models import Competition, Participation, Standing, Submission, Team
from lyceum.competitions.queries.access import (
    get_competition,
    is_organiser,
    may_organise,
    organised_competition,
    participation,
    visible,
)
from lyceum.competitions.queries.board import board
from lyceum.competitions.queries.quotas import quota
from lyceum.competitions.queries.teams import pending_merges
from tests.competitions.arena import claim, give_score
from tests.competitions.making import hand_in, join_as, make_competition, make_user, set_round
from tests.support.concurrency import at_once, refusals

pytestmark = pytest.mark.django_db


def refusal(call, *arguments, **named) -> str:
    with pytest.raises(DomainError) as refused:
        call(*arguments, **named)
    return refused.value.code


def counted(competition: Competition) -> int:
    """The stored number of teams, which must be what there is."""
    competition.refresh_from_db()
    assert competition.team_count == competition.teams.filter(dissolved=None).count()
    return competition.team_count


def test_one_person_takes_part_once():
    owner = make_user("organiser")
    competition = make_competition(owner)
    ada = join_as("ada", competition, email="Ada.Lovelace@gmail.com")
    assert (ada.team.name, ada.rules_text.number) == ("ada", 1)
    again = make_user("ada2", email="adalovelace+2@googlemail.com")
    assert refusal(join, again, competition.pk, rules_number=1) == "same_person"
    assert refusal(accept_invite, again, ada.team.invite, rules_number=1) == "same_person"
    for name in ("x", "y"):  # without an address nobody can tell
        join_as(name, competition, email="", display_name="ada")
    assert sorted(Team.objects.values_list("name", flat=True)) == ["ada", "ada 2", "ada 3"]
    assert refusal(join, owner, competition.pk, rules_number=1) == "is_organiser"
    late = make_user("late")
    assert refusal(join, late, competition.pk, rules_number=None) == "rules_not_accepted"
    set_round(competition, ends=timezone.now())
    assert refusal(join, late, competition.pk, rules_number=1) == "too_late"
    assert counted(competition) == 3


@pytest.mark.django_db(transaction=True)
def test_joining_at_once_is_joining_once():
    competition = make_competition(make_user("organiser"))
    ada = make_user("ada", email="ada@example.org")
    also = make_user("also", email="ada+1@example.org")
    results = at_once(
        *[lambda user=user: join(user, competition.pk, rules_number=1) for user in [ada, also] * 4]
    )
    assert refusals(results) == ["same_person"] * 4
    assert Participation.objects.count() == 1
    assert counted(competition) == 1


def test_who_sees_and_organises_what():
    owner, other, admin = make_user("owner"), make_user("other"), make_user("root")
    admin.is_superuser = admin.is_staff = True
    draft = make_competition(owner, published=False)
    shown = make_competition(owner)
    template = make_competition(owner, is_template=True)
    shown.organisers.add(other, owner)
    assert list(visible(None)) == list(visible(admin)) == [shown]
    assert set(visible(owner)) == {draft, shown}
    assert get_competition(owner, template.pk) == get_competition(admin, template.pk)
    for user in (None, other):
        assert refusal(get_competition, user, draft.pk) == "no_such_competition"
    assert organised_competition(other, shown.pk) == shown
    with pytest.raises(Forbidden):
        organised_competition(make_user("nobody"), shown.pk)
    assert is_organiser(admin, shown) and not is_organiser(None, shown)
    assert may_organise(admin) and not may_organise(owner)
    assert refusal(join, owner, draft.pk, rules_number=1) == "not_published"


def test_leaving_and_coming_back_wins_nothing():
    competition = make_competition(make_user("organiser"))
    round_ = set_round(competition, daily_limit=1)
    ada = join_as("ada", competition)
    assert give_score(claim(hand_in(ada.user, competition)), 0.5, 0.5)
    leave(ada.user, competition.pk)
    assert (board(round_).total, counted(competition)) == (0, 0)
    taken = join_as("other", competition, display_name="ada")
    assert participation(ada.user, competition) is None
    back = join(ada.user, competition.pk, rules_number=1)
    assert (back.team_id, back.team.name, taken.team.name) == (ada.team_id, "ada 2", "ada")
    assert quota(back.team, round_).left_today == 0
    assert (board(round_).total, counted(competition)) == (1, 2)
    Competition.objects.update(ends=timezone.now())
    assert refusal(leave, ada.user, competition.pk) == "ended"


def test_a_team_is_made_invited_led_and_left():
    competition = make_competition(make_user("organiser"), team_size_max=2)
    ada, bo = join_as("ada", competition), join_as("bo", competition)
    team = create_team(ada.user, competition.pk, name=" The  A-team ")
    assert (team.pk, team.name) == (ada.team_id, "The A-team")
    assert refusal(create_team, bo.user, competition.pk, name="The A-team") == "name_taken"
    old = team.invite
    team = renew_invite(ada.user, team.pk)
    assert refusal(accept_invite, bo.user, old) == "no_such_invite"
    assert accept_invite(bo.user, team.invite).team == team
    assert accept_invite(bo.user, team.invite).team == team
    assert counted(competition) == 1
    cy = make_user("cy")
    assert refusal(accept_invite, cy, team.invite, rules_number=1) == "team_full"
    for call in (rename_team, lambda *a, **k: remove_member(*a, user_id=ada.user_id)):
        with pytest.raises(Forbidden):
            call(bo.user, team.pk, **({"name": "Mine"} if call is rename_team else {}))
    with pytest.raises(NotFound):
        rename_team(cy, team.pk, name="Mine")
    hand_over(ada.user, team.pk, bo.user_id)
    remove_member(bo.user, team.pk, ada.user_id)
    assert counted(competition) == 2
    assert refusal(leave_team, bo.user, team.pk) == "only_member"
    assert accept_invite(cy, team.invite, rules_number=1).team == team
    # Who has handed in stays, and has a seat also when they have left the competition.
    hand_in(bo.user, competition)
    assert refusal(leave_team, bo.user, team.pk) == "has_submissions"
    leave(bo.user, competition.pk)
    team.refresh_from_db()
    assert team.captain == cy
    assert refusal(accept_invite, ada.user, team.invite) == "team_full"
    assert refusal(remove_member, cy, team.pk, ada.user_id) == "no_such_member"
    theirs = participation(ada.user, competition).team
    assert refusal(accept_invite, bo.user, theirs.invite, rules_number=1) == "has_submissions"
    assert join(bo.user, competition.pk, rules_number=1).team == team
    Competition.objects.update(team_lock=timezone.now())
    assert refusal(leave_team, cy, team.pk) == "teams_locked"


def test_regular_competitions_are_for_persons():
    competition = make_competition(make_user("organiser"), kind="regular")
    ada = join_as("ada", competition)
    assert refusal(create_team, ada.user, competition.pk, name="We") == "no_teams"
    eve = make_user("eve")
    assert refusal(accept_invite, eve, ada.team.invite, rules_number=1) == "no_teams"


def test_teams_merge_with_what_they_have_made():
    competition = make_competition(make_user("organiser"), finals_max=1)
    round_ = set_round(competition, daily_limit=2)
    ada, bo, cy = (join_as(name, competition) for name in ("ada", "bo", "cy"))
    Competition.objects.update(final_rule="chosen")
    for each, score in ((ada, 0.5), (bo, 0.9)):
        assert give_score(claim(hand_in(each.user, competition)), score, 0.5)
    Submission.objects.update(chosen=True)
    request = ask_merge(ada.user, competition.pk, target_id=bo.team_id)
    other = ask_merge(cy.user, competition.pk, target_id=ada.team_id)
    again = {"target_id": bo.team_id}
    assert refusal(ask_merge, ada.user, competition.pk, **again) == "merge_pending"
    back = {"target_id": ada.team_id}
    assert refusal(ask_merge, bo.user, competition.pk, **back) == "merge_pending"
    assert refusal(answer_merge, ada.user, request.pk, accept=True) == "not_captain"
    merged = answer_merge(bo.user, request.pk, accept=True)
    assert merged == bo.team and not pending_merges(merged)
    other.refresh_from_db()
    assert other.state == "withdrawn"
    ada.team.refresh_from_db()
    assert (ada.team.merged_into, counted(competition)) == (merged, 2)
    assert participation(ada.user, competition).team == merged
    assert quota(merged, round_).left_today == 0
    assert [(row.team.name, row.score) for row in board(round_).rows] == [("bo", 0.9)]
    assert Standing.objects.get(team=merged).submissions == 2
    assert Submission.objects.get(chosen=True).user == bo.user
    # A third one's attempts would be more than one team has.
    assert give_score(claim(hand_in(cy.user, competition)), 0.1, 0.1)
    asked = {"target_id": merged.pk}
    assert refusal(ask_merge, cy.user, competition.pk, **asked) == "merge_quota"
    set_round(competition, daily_limit=0)
    request = ask_merge(cy.user, competition.pk, target_id=merged.pk)
    withdraw_merge(cy.user, request.pk)
    request = ask_merge(cy.user, competition.pk, target_id=merged.pk)
    Competition.objects.update(team_size_max=2)
    assert refusal(answer_merge, bo.user, request.pk, accept=True) == "team_full"
    Competition.objects.update(team_size_max=3)
    set_round(competition, ends=timezone.now() - timedelta(minutes=1))
    assert refusal(answer_merge, bo.user, request.pk, accept=True) == "merge_round_over"
    answer_merge(bo.user, request.pk, accept=False)
    assert counted(competition) == 2


@pytest.mark.django_db(transaction=True)
def test_merging_both_ways_and_handing_in_at_once():
    competition = make_competition(make_user("organiser"))
    round_ = set_round(competition, daily_limit=1)
    ada, bo = join_as("ada", competition), join_as("bo", competition)
    request = ask_merge(ada.user, competition.pk, target_id=bo.team_id)
    results = at_once(
        lambda: answer_merge(bo.user, request.pk, accept=True),
        lambda: hand_in(ada.user, competition),
        lambda: hand_in(bo.user, competition),
        lambda: leave(ada.user, competition.pk),
    )
    assert all(isinstance(each, Conflict | NotFound) for each in results if refusals([each]))
    for team in Team.objects.filter(dissolved=None):
        found = quota(team, round_)
        assert found.used_today <= 1
    assert counted(competition) in (1, 2)
