"""Scores and failures as the dispatcher tells them: once each, and never at a team's cost."""

from __future__ import annotations

import pytest

from lyceum.common.errors import Conflict, DomainError, Forbidden, NotFound
from lyceum.competitions.actions.judging import disqualify, exclude, include, rejudge, restore
from lyceum.competitions.models import AuditEvent, Submission
from tests.competitions.arena import Arena, State, claim, fail, give_score
from tests.support.concurrency import at_once

WHY = "The truth was wrong."


@pytest.mark.django_db
def test_a_failure_costs_no_attempt_and_leaves_the_team_on_the_board():
    arena = Arena()
    team = arena.team("ada")
    arena.score(team, 0.5)
    submission = arena.submit(team)
    assert fail(submission, sentence="Sorry.", sentence_zh="抱歉。", detail="Trace\0back")
    submission.refresh_from_db()
    assert (submission.state, submission.counts, submission.is_open) == ("platform", False, False)
    assert (submission.sentence, submission.detail) == ("Sorry.", "Traceback")
    assert arena.places() == [(1, "ada", 0.5)]


@pytest.mark.django_db
def test_a_dead_scorer_that_wakes_up_changes_nothing():
    arena = Arena()
    submission = arena.submit(arena.team("ada"), attempt=2)
    assert not give_score(submission, 0.9, attempt=1)
    assert give_score(submission, 0.4)
    assert not give_score(submission, 0.9)
    assert not fail(submission)
    # A rejudge that has been queued, and begins, is not the scoring of before either.
    rejudge(arena.owner, arena.round.pk, scope="round", reason=WHY)
    assert not give_score(submission, 0.9, attempt=2)
    assert claim(submission).attempts_before == 2
    assert not give_score(submission, 0.9, attempt=2)
    assert arena.places() == [(1, "ada", 0.4)]


@pytest.mark.django_db
def test_a_rejudge_keeps_the_old_scores_in_the_log_and_stands_until_then():
    arena = Arena()
    ada, bo = arena.team("ada"), arena.team("bo")
    good, bad = arena.score(ada, 0.9), arena.score(bo, 0.8)
    order = rejudge(arena.owner, arena.round.pk, scope="round", reason=WHY)
    assert order.total == 2
    assert arena.places() == [(1, "ada", 0.9), (2, "bo", 0.8)]
    assert give_score(claim(good), 0.1)
    assert fail(claim(bad), State.ORGANISER, detail="ValueError")
    assert arena.places() == [(1, "bo", 0.8), (2, "ada", 0.1)]
    log = good.scores.values_list("number", "cause", "rejudge", "public_score")
    assert list(log) == [(2, "rejudge", order.pk, 0.1), (1, "first", None, 0.9)]
    bad.refresh_from_db()
    assert (bad.state, bad.counts, bad.sentence, bad.detail) == ("scored", True, "", "ValueError")
    failed = AuditEvent.objects.get(submission=bad)
    assert (failed.data["failed"], failed.reason) == ("organiser", WHY)


@pytest.mark.django_db
def test_what_a_rejudge_is_of():
    arena = Arena()
    ada, bo = arena.team("ada"), arena.team("bo")
    scored, other = arena.score(ada, 0.9), arena.score(bo, 0.8)
    lost, refused = arena.submit(ada), arena.submit(ada)
    fail(lost), fail(refused, State.INVALID, report={"problems": []})
    running, waiting = arena.submit(ada), arena.submit(ada, state=State.QUEUED, attempt=0)

    def asked(**what) -> set[int]:
        rejudge(arena.owner, arena.round.pk, reason=WHY, **what)
        again = Submission.objects.filter(state=State.QUEUED).exclude(pk=waiting.pk)
        found = set(again.values_list("pk", flat=True))
        for submission in again:
            give_score(claim(submission), 0.3)
        return found

    assert asked(scope="team", team_id=ada.pk) == {scored.pk, lost.pk, running.pk}
    assert not give_score(running, 0.9)  # it had begun by the rules of before
    lost.refresh_from_db()
    assert (lost.state, lost.public_score, lost.counts) == (State.SCORED, 0.3, False)
    assert asked(scope="submission", submission_id=refused.pk) == {refused.pk}
    assert asked(scope="round") == {scored.pk, lost.pk, running.pk, refused.pk, other.pk}
    running.refresh_from_db()
    assert running.scores.count() == 2 and running.counts
    with pytest.raises(DomainError):
        asked(scope="all")
    with pytest.raises(NotFound):
        asked(scope="submission", submission_id=0)
    with pytest.raises(Conflict):
        asked(scope="submission", submission_id=waiting.pk)


@pytest.mark.django_db
def test_disqualified_and_excluded_and_all_of_it_undone():
    arena = Arena()
    ada, bo = arena.team("ada"), arena.team("bo")
    best = arena.score(ada, 0.9)
    arena.score(ada, 0.7)
    arena.score(bo, 0.8)
    exclude(arena.owner, best.pk, reason="A leak.")
    assert arena.places() == [(1, "bo", 0.8), (2, "ada", 0.7)]
    disqualify(arena.owner, bo.pk, reason="Two accounts.")
    assert arena.places() == [(1, "ada", 0.7)]
    arena.score(bo, 0.95)  # still judged, so that the undoing is whole
    assert arena.places() == [(1, "ada", 0.7)]
    restore(arena.owner, bo.pk, reason="They are two.")
    include(arena.owner, best.pk, reason="None.")
    assert arena.places() == [(1, "bo", 0.95), (2, "ada", 0.9)]
    log = AuditEvent.objects.values_list("action", "author__username", "reason")
    assert list(log) == [
        ("included", "organiser", "None."),
        ("restored", "organiser", "They are two."),
        ("disqualified", "organiser", "Two accounts."),
        ("excluded", "organiser", "A leak."),
    ]
    with pytest.raises(Conflict):
        restore(arena.owner, bo.pk, reason="Again.")
    with pytest.raises(DomainError) as refused:
        disqualify(arena.owner, bo.pk, reason=" ")
    assert refused.value.field == "reason"
    for call, subject in ((disqualify, ada.pk), (exclude, best.pk)):
        with pytest.raises(Forbidden):
            call(ada.captain, subject, reason="Me.")
    with pytest.raises(Forbidden):
        rejudge(ada.captain, arena.round.pk, scope="round", reason="Me.")


@pytest.mark.django_db(transaction=True)
def test_scores_and_decisions_at_once_leave_a_true_board():
    arena = Arena(rounds=1)
    teams = [arena.team(f"team{n}") for n in range(4)]
    made = [arena.submit(team) for team in teams for _n in range(3)]
    out, old = arena.team("out"), arena.score(teams[0], 0.95)
    arena.score(out, 0.99)
    results = at_once(
        *(lambda n=n, each=each: give_score(each, n / 100) for n, each in enumerate(made)),
        lambda: give_score(made[0], 0.001),
        lambda: disqualify(arena.owner, out.pk, reason="Two."),
        lambda: exclude(arena.owner, old.pk, reason="A leak."),
        lambda: bool(
            rejudge(arena.owner, arena.round.pk, scope="team", team_id=out.pk, reason=WHY)
        ),
    )
    assert results[0] is not results[len(made)]  # scored once
    assert all(results[1 : len(made)]) and not any(isinstance(r, Exception) for r in results)
    assert [name for _rank, name, _score in arena.places()] == ["team3", "team2", "team1", "team0"]
    assert [arena.standing(team).submissions for team in teams] == [3] * 4
