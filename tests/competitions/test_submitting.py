"""Handing in: the check, the quotas (also under 50 at once), who may, and what is kept."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.utils import timezone

from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.competitions import folders, incoming
from lyceum.competitions.actions.joining import accept_rules
from lyceum.competitions.actions.submitting import (
    choose_finals,
    submit_code,
    submit_file,
    submit_service,
)
from lyceum.competitions.models import RulesText, Standing, Submission, Team
from lyceum.competitions.queries.quotas import quota
from tests.competitions.arena import claim, fail, give_score
from tests.competitions.making import (
    answers,
    hand_in,
    join_as,
    make_competition,
    make_user,
    set_round,
)
from tests.support.concurrency import at_once, refusals
from tests.tasks.making import make_cluster


@pytest.mark.django_db(transaction=True)
def test_fifty_submissions_at_once_can_not_pass_the_quota(monkeypatch):
    competition = make_competition(make_user("organiser"))
    round_ = set_round(competition, daily_limit=5)
    ada = join_as("ada", competition)
    bo = join_as("bo", competition)
    bo.team, old = ada.team, bo.team
    bo.save()
    Team.objects.filter(pk=old.pk).delete()
    monkeypatch.setattr("lyceum.competitions.actions.submitting.apart.check", _instantly)
    results = at_once(
        *(lambda user=user: hand_in(user, competition) for user in [ada.user, bo.user] * 25)
    )
    assert refusals(results) == ["quota_day"] * 45
    assert Submission.objects.filter(counts=True).count() == Submission.objects.count() == 5
    assert quota(ada.team, round_).left_today == 0
    kept = folders.of_competition(competition) / "submissions"
    assert len(list(kept.iterdir())) == 5


def _instantly(*_arguments):
    """The check takes its turn in one process: here it is the quota that matters."""
    from lyceum.scoring import Report
    from lyceum.scoring.apart import Verdict

    return Verdict(report=Report())


@pytest.mark.django_db
def test_a_refused_file_says_where_and_costs_nothing(django_capture_on_commit_callbacks):
    competition = make_competition(make_user("organiser"))
    round_ = set_round(competition, daily_limit=1)
    ada = join_as("ada", competition)
    bad = hand_in(ada.user, competition, answers().replace(b"3,cat", b"3,cow"))
    assert (bad.state, bad.counts, bad.is_open, bad.queued) == ("invalid", False, False, None)
    problem = bad.report["problems"][0]
    assert (problem["row"], problem["column"], problem["value"]) == (4, "kind", "cow")
    empty = hand_in(ada.user, competition, b"")
    assert empty.report["problems"][0]["code"] == "empty_file"
    with django_capture_on_commit_callbacks() as told:
        good = hand_in(
            ada.user, competition, name="../C:\\x\\\u202e..预测\0结果.csv", message=" a "
        )
    assert len(told) == 1
    assert (good.state, good.counts, good.file_name, good.message) == (
        "queued", True, "预测结果.csv", "a",
    )  # fmt: skip
    assert folders.submitted(good, competition.pk).read_bytes() == answers()
    found = quota(ada.team, round_)
    assert (found.used_today, found.left_today, found.failed_today) == (1, 0, 2)
    assert (found.resets_at - timezone.now()) <= timedelta(days=1)
    with pytest.raises(Conflict, match="midnight") as refused:
        hand_in(ada.user, competition)
    assert refused.value.code == "quota_day"
    assert fail(claim(good))  # of the platform's: the attempt is given back
    assert quota(ada.team, round_).left_now == 1
    hand_in(ada.user, competition)


@pytest.mark.django_db
def test_who_may_hand_in_and_when(monkeypatch):
    competition = make_competition(make_user("organiser"), rounds=2)
    ada = join_as("ada", competition)

    def refusal() -> str:
        with pytest.raises(DomainError) as refused:
            hand_in(ada.user, competition)
        return refused.value.code

    with pytest.raises(Conflict, match="Join"):
        hand_in(make_user("stranger"), competition)
    RulesText.objects.create(competition=competition, number=2, text="Be fairer.")
    assert refusal() == "rules_not_accepted"
    with pytest.raises(Conflict):
        accept_rules(ada.user, competition.pk, rules_number=1)
    accept_rules(ada.user, competition.pk, rules_number=2)
    Team.objects.update(disqualified=timezone.now())
    assert refusal() == "disqualified"
    Team.objects.update(disqualified=None)
    monkeypatch.setenv("LYCEUM_LIMIT_SUBMISSION_MB", "0")
    assert refusal() == "too_large"
    monkeypatch.setenv("LYCEUM_LIMIT_SUBMISSION_MB", "1")
    monkeypatch.setenv("LYCEUM_LIMIT_FAILED_SUBMISSIONS_PER_DAY", "1")
    assert hand_in(ada.user, competition, b"").state == "invalid"
    assert refusal() == "failed_limit"
    monkeypatch.delenv("LYCEUM_LIMIT_FAILED_SUBMISSIONS_PER_DAY")
    past = timezone.now() - timedelta(minutes=1)
    set_round(competition, 1, ends=past)
    assert refusal() == "not_open"
    second = set_round(competition, 2, starts=past)
    assert refusal() == "not_advanced"
    first = set_round(competition, 1, finished=past)
    Standing.objects.create(round=first, team=ada.team, advanced=True)
    assert hand_in(ada.user, competition).round == second
    set_round(competition, 2, total_limit=1)
    assert refusal() == "quota_total"


@pytest.mark.django_db
def test_the_team_chooses_what_counts_at_the_end():
    competition = make_competition(make_user("organiser"), final_rule="chosen", finals_max=1)
    ada, bo = join_as("ada", competition), join_as("bo", competition)
    best, safe = (hand_in(ada.user, competition) for _ in range(2))
    assert give_score(claim(best), 0.9, 0.1)
    assert give_score(claim(safe), 0.8, 0.7)
    theirs = hand_in(bo.user, competition)
    for wrong in ([best.pk, safe.pk], [theirs.pk]):
        with pytest.raises(DomainError) as refused:
            choose_finals(ada.user, competition.pk, submission_ids=wrong)
        assert refused.value.field == "submission_ids"
    assert Standing.objects.get().private_score == 0.1
    choose_finals(ada.user, competition.pk, submission_ids=[best.pk])
    choose_finals(ada.user, competition.pk, submission_ids=[safe.pk])
    assert Standing.objects.get().private_score == 0.7
    assert list(Submission.objects.filter(chosen=True)) == [safe]


@pytest.mark.django_db
def test_code_is_a_version_with_something_to_run():
    competition = make_competition(make_user("organiser"), submission_kind="code")
    ada = join_as("ada", competition)
    project = make_cluster(ada.user)
    saved = project.versions.count()
    submission = submit_code(ada.user, competition.pk, project_id=project.pk)
    assert (submission.kind, submission.state) == ("code", "queued")
    assert submission.version.number == saved  # nothing has changed since
    project.main_file = "gone.py"
    project.save()
    with pytest.raises(DomainError) as refused:
        submit_code(ada.user, competition.pk, project_id=project.pk, version=1)
    assert (refused.value.code, refused.value.field) == ("main_file_missing", "project")
    other = make_cluster(make_user("eve"), name="Hers")
    with pytest.raises(NotFound):
        submit_code(ada.user, competition.pk, project_id=other.pk)
    with pytest.raises(Conflict) as refused:
        submit_file(ada.user, competition.pk, file=io.BytesIO(b"x"), name="x.csv")
    assert refused.value.code == "wrong_kind"
    with pytest.raises(Conflict):
        submit_service(ada.user, competition.pk, service_id=1)
    assert project.versions.count() == saved


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", "submission"),
        ("..", "submission"),
        (".csv", "csv"),
        ("a/b\\c.CSV", "c.CSV"),
        ("\ud800x.json", "x.json"),
    ],
)
def test_names_are_made_plain(given, kept):
    assert incoming.clean_name(given) == kept


def test_long_names_fit_a_disk_and_keep_their_end():
    name = incoming.clean_name("长" * 300 + ".csv")
    assert name.endswith("长.csv") and len(name.encode()) < 200
