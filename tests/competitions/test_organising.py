"""Making, publishing and repeating competitions."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, Forbidden
from lyceum.competitions import folders
from lyceum.competitions.actions import organising as act
from lyceum.competitions.models import AuditAction, Competition, Participation, Submission, Team
from lyceum.competitions.queries.access import newest_rules, visible
from lyceum.competitions.queries.readiness import missing
from lyceum.scoring import Rules
from tests.competitions.making import RULES, TRUTH, answers, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_home")]

TRUTH_FILE = b"id,kind,part\n" + b"".join(
    f"{n},{kind},{'public' if n < 4 else 'private'}\n".encode() for n, kind in TRUTH.items()
)
DRAWN = RULES.replace('{"column": "part"}', '{"public": 0.5, "stratify": "kind"}')


@pytest.fixture
def organiser() -> User:
    return make_user("organiser", is_staff=True)


def ready(organiser: User, **fields: object) -> Competition:
    """A regular competition that lacks nothing but being published."""
    about = {"kind": "regular", "name": "Cats", "pass_score": 0.5}
    competition = act.create_competition(organiser, **{**about, **fields})
    round_ = competition.rounds.get()
    now = timezone.now()
    act.edit_round(organiser, round_.pk, starts=now, ends=now + timedelta(days=9))
    truth = (io.BytesIO(TRUTH_FILE), "labels.csv")
    act.set_scoring(organiser, round_.pk, rules_json=DRAWN, truth=truth)
    act.set_example(organiser, round_.pk, file=io.BytesIO(answers(0)), name="sample.csv")
    act.write_rules(organiser, competition.pk, text="要公平。", text_en="Be fair.")
    competition.refresh_from_db()
    return competition


def test_a_competition_is_published_once_nothing_is_missing(organiser: User) -> None:
    draft = act.create_competition(organiser, kind="regular", name="Empty")
    with pytest.raises(DomainError) as refused:
        act.publish(organiser, draft.pk)
    assert refused.value.code == "not_ready"
    assert {each.code for each in missing(draft)} == {
        "no_pass_score", "no_rules", "no_dates", "no_scoring", "no_truth", "no_example",
    }  # fmt: skip
    competition = ready(organiser)
    stranger = make_user("stranger", is_staff=True)
    assert competition not in visible(stranger)
    act.publish(organiser, competition.pk)
    assert competition in visible(stranger)
    assert competition.events.get().action == AuditAction.PUBLISHED
    with pytest.raises(Forbidden):
        act.edit_competition(stranger, competition.pk, name="Mine")
    with pytest.raises(Forbidden):
        act.create_competition(make_user("learner"), kind="regular", name="No")


def test_truth_and_rules_fit_and_the_seed_stays(organiser: User) -> None:
    round_ = ready(organiser).rounds.get()
    assert folders.truth(round_).read_bytes() == TRUTH_FILE
    assert folders.truth(round_).parent.stat().st_mode & 0o777 == 0o700
    assert (round_.truth_rows, round_.metric, round_.has_private) == (6, "accuracy", True)
    seed = Rules.from_json(round_.rules).split.seed
    assert len(seed) == 32
    old = folders.truth(round_)
    with pytest.raises(DomainError) as wrong:
        act.set_truth(organiser, round_.pk, file=io.BytesIO(b"id,other\n1,2\n"), name="t.csv")
    assert wrong.value.field == "truth"
    assert list(old.parent.iterdir()) == [old]
    act.set_scoring(organiser, round_.pk, rules_json=DRAWN)
    round_.refresh_from_db()
    assert Rules.from_json(round_.rules).split.seed == seed
    with pytest.raises(DomainError) as bad:
        act.set_example(organiser, round_.pk, file=io.BytesIO(answers(without=3)), name="s.csv")
    assert bad.value.field == "example"


def test_what_has_scored_is_changed_with_a_reason_and_the_split_not(organiser: User) -> None:
    competition = ready(organiser)
    act.publish(organiser, competition.pk)
    round_ = competition.rounds.get()
    team = Team.objects.create(competition=competition, name="ann")
    Submission.objects.create(
        round=round_, team=team, user=organiser, kind="file", day=timezone.now().date(),
        public_score=0.5, state="scored",
    )  # fmt: skip
    with pytest.raises(DomainError) as refused:
        act.set_truth(organiser, round_.pk, file=io.BytesIO(TRUTH_FILE), name="t.csv")
    assert refused.value.field == "reason"
    other = DRAWN.replace("0.5", "0.7")
    with pytest.raises(Conflict) as fixed:
        act.set_scoring(organiser, round_.pk, rules_json=other, reason="More of it.")
    assert fixed.value.code == "split_fixed"
    act.set_truth(organiser, round_.pk, file=io.BytesIO(TRUTH_FILE), name="t.csv", reason="Row 7.")
    assert competition.events.first().reason == "Row 7."
    with pytest.raises(Conflict) as harder:
        act.edit_competition(organiser, competition.pk, pass_score=0.6)
    assert harder.value.code == "pass_score_harder"
    act.edit_competition(organiser, competition.pk, pass_score=0.4)
    assert competition.events.first().data == {"changes": {"pass_score": [0.5, 0.4]}}


def test_rules_that_were_accepted_are_kept(organiser: User) -> None:
    competition = ready(organiser)
    first = newest_rules(competition)
    team = Team.objects.create(competition=competition, name="ann")
    Participation.objects.create(
        competition=competition, user=make_user("ann"), team=team, rules_text=first
    )
    second = act.write_rules(organiser, competition.pk, text="新规则。")
    third = act.write_rules(organiser, competition.pk, text="更新的规则。")
    assert [each.number for each in competition.rules_texts.all()] == [2, 1]
    assert (second.number, third.number) == (2, 2)
    assert act.write_rules(organiser, competition.pk, text="更新的规则。").pk == third.pk


def test_rounds_follow_each_other(organiser: User) -> None:
    competition = act.create_competition(organiser, kind="technical", name="Digits")
    now = timezone.now()
    first = competition.rounds.get()
    act.edit_round(organiser, first.pk, starts=now, ends=now + timedelta(days=5))
    with pytest.raises(DomainError) as early:
        act.add_round(organiser, competition.pk, starts=now + timedelta(days=4))
    assert early.value.code == "overlaps"
    second = act.add_round(
        organiser, competition.pk, starts=now + timedelta(days=5), ends=now + timedelta(days=9)
    )
    competition.refresh_from_db()
    assert competition.ends == second.ends
    with pytest.raises(DomainError) as no_count:
        act.edit_round(organiser, first.pk, advance="top")
    assert no_count.value.field == "advance_count"
    act.remove_round(organiser, second.pk)
    first.refresh_from_db()
    competition.refresh_from_db()
    assert competition.ends == first.ends


def test_a_schedule_makes_one_a_month_with_a_split_of_its_own(organiser: User) -> None:
    template = act.make_template(organiser, ready(organiser).pk)
    plan = act.schedule(organiser, template.pk, day=1, days=28)
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert act.due_months(at) == [(plan, "2026-12")]
    assert [month for _plan, month in act.due_months(at - timedelta(days=6))] == ["2026-11"]
    made = act.make_month(plan, "2026-12")
    assert act.make_month(plan, "2026-12") == made
    plan.refresh_from_db()
    assert act.due_months(at) == []
    assert (made.name, made.starts) == ("Cats 2026-12", datetime(2026, 12, 1, tzinfo=UTC))
    assert made in visible(None)
    assert template not in visible(organiser)
    own, original = made.rounds.get(), template.rounds.get()
    assert folders.truth(own).read_bytes() == TRUTH_FILE
    assert folders.truth(own) != folders.truth(original)
    assert Rules.from_json(own.rules).split.seed != Rules.from_json(original.rules).split.seed
    assert missing(made) == []


def test_a_program_is_one_of_plain_files(organiser: User) -> None:
    round_ = ready(organiser).rounds.get()
    source = b"def score(truth_path, submission_path):\n    return 1.0\n"
    files = act.program_files(io.BytesIO(source), "mine.py")
    act.set_program(organiser, round_.pk, files={**files, "lib/more.py": b""}, metric="Points")
    act.set_program(organiser, round_.pk, files=files, metric="Points")
    round_.refresh_from_db()
    assert (round_.rules, round_.program, round_.metric) == ("", "score.py", "Points")
    assert [each.name for each in folders.program(round_).iterdir()] == ["score.py"]
    for bad in ({"../score.py": source}, {**files, "../x": b""}, {"score.py": b"def"}):
        with pytest.raises(DomainError):
            act.set_program(organiser, round_.pk, files=bad)
