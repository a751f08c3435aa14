"""Handing in: a file, a version of one's own project, an online service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.common.text import clean_line
from lyceum.competitions import folders, wake
from lyceum.competitions.actions._people import hold_participation, not_joined
from lyceum.competitions.actions.finishing import may_enter
from lyceum.competitions.actions.standings import refresh
from lyceum.competitions.incoming import Incoming, received
from lyceum.competitions.models import (
    Competition,
    FinalRule,
    Participation,
    Round,
    Submission,
    SubmissionKind,
    SubmissionState,
    Team,
)
from lyceum.competitions.queries.access import (
    current_round,
    get_competition,
    has_accepted,
    newest_rules,
    participation,
)
from lyceum.competitions.queries.code import main_file
from lyceum.competitions.queries.quotas import quota, today
from lyceum.limits import limit
from lyceum.projects.actions import save_version
from lyceum.projects.models import Version
from lyceum.projects.queries import get_version, owned_project
from lyceum.scoring import Report, Rules, apart
from lyceum.scoring.problems import Problem
from lyceum.serving.models import Service
from lyceum.serving.queries import owned_service

_LONGEST_MESSAGE = Submission._meta.get_field("message").max_length


@dataclass(frozen=True, slots=True)
class _Entry:
    """What somebody wants to hand in, and when they came with it."""

    user: User
    competition: Competition
    round: Round
    now: datetime
    message: str


def submit_file(
    user: User, competition_id: int, *, file: BinaryIO, name: str, message: str = ""
) -> Submission:
    """Hand in a file: checked at once, then queued for its score.

    One that the check refuses is returned too, ``INVALID`` with its ``report``: it costs no
    attempt. Raises ``NotFound``, ``DomainError`` about ``file`` or ``message``, and
    ``Conflict``: ``not_joined``, ``rules_not_accepted``, ``disqualified``, ``wrong_kind``,
    ``not_open``, ``not_advanced``, ``quota_day``, ``quota_total``, ``failed_limit``.
    """
    entry = _enter(user, competition_id, SubmissionKind.FILE, message)
    with received(file, name, entry.competition) as incoming:
        # Before the team is held: it takes seconds, and others of the team may hand in too.
        report = _check(entry.round, incoming)
        about = {
            "file_name": incoming.path.name,
            "size": incoming.size,
            "sha256": incoming.sha256,
            "report": None if report.ok else report.as_dict(),
        }
        return _create(entry, incoming, is_good=report.ok, **about)


def submit_code(
    user: User,
    competition_id: int,
    *,
    project_id: int,
    version: int | None = None,
    message: str = "",
) -> Submission:
    """Hand in a version of one's own project, which is run with the hidden inputs.

    ``version``: that saved one; else its files are saved as one now. Raises what
    `submit_file` does, and ``DomainError`` about ``project`` when nothing says what to run.
    """
    entry = _enter(user, competition_id, SubmissionKind.CODE, message)
    project = owned_project(user, project_id)
    if version is None:
        saved = save_version(user, project.pk, note=entry.message, cause=Version.Cause.COMPETITION)
    else:
        saved = get_version(project, version)
    main_file(saved)  # refused at once if there is none
    return _create(entry, project=project, version=saved)


def submit_service(
    user: User, competition_id: int, *, service_id: int, message: str = ""
) -> Submission:
    """Hand in one's own online service, which is called with the hidden inputs.

    Raises what `submit_file` does, and ``Conflict`` about ``service`` when it is not online
    or does not run.
    """
    entry = _enter(user, competition_id, SubmissionKind.SERVICE, message)
    service = owned_service(user, service_id)
    if service.stage != Service.Stage.ONLINE or service.state != Service.State.RUNNING:
        sentence = _("Choose an online service that is running.")
        raise Conflict("service_not_running", sentence, field="service")
    return _create(entry, project=service.project, service=service)


def choose_finals(
    user: User, competition_id: int, *, submission_ids: list[int]
) -> list[Submission]:
    """Choose which of the team's submissions to the present round count at its end, instead
    of those chosen before; any member may, while the round is open.

    Raises ``NotFound``, ``DomainError`` about ``submission_ids``, and ``Conflict``:
    ``not_joined``, ``disqualified``, ``not_open``, ``finals_not_chosen``.
    """
    competition = get_competition(user, competition_id)
    if competition.final_rule != FinalRule.CHOSEN:
        sentence = _("In this competition nobody chooses which submission counts.")
        raise Conflict("finals_not_chosen", sentence)
    round_ = _open_round(competition, timezone.now())
    _check_few(competition, submission_ids)
    with transaction.atomic():
        team = hold_participation(user, competition).team
        _check_team(team)
        scored = Submission.objects.filter(
            round=round_, team=team, excluded=None, public_score__isnull=False
        )
        chosen = list(scored.filter(pk__in=submission_ids).order_by("pk"))
        if len(chosen) != len(set(submission_ids)):
            sentence = _("Choose among your team's submissions that have a score.")
            raise NotFound("no_such_submission", sentence, field="submission_ids")
        rows = Submission.objects.filter(round=round_, team=team)
        rows.filter(chosen=True).exclude(pk__in=submission_ids).update(chosen=False)
        rows.filter(pk__in=submission_ids).update(chosen=True)
        refresh(team, round_)
    return chosen


def _enter(user: User, competition_id: int, kind: str, message: str) -> _Entry:
    """Refuse before anything is read or saved what would be refused in the end."""
    competition = get_competition(user, competition_id)
    part = participation(user, competition)
    if part is None:
        raise not_joined()
    if competition.submission_kind != kind:
        sentence = _("Something else is handed in to this competition: %(kind)s.")
        about = {"kind": competition.get_submission_kind_display()}
        raise Conflict("wrong_kind", sentence % about)
    now = timezone.now()
    message = clean_line(message, field="message", longest=_LONGEST_MESSAGE)
    entry = _Entry(user, competition, _open_round(competition, now), now, message)
    _check_entry(entry, part)
    return entry


def _open_round(competition: Competition, now: datetime) -> Round:
    round_ = current_round(competition, now)
    if competition.published is None or round_ is None or not round_.is_open(now):
        raise _not_open()
    return round_


def _check_entry(entry: _Entry, part: Participation) -> None:
    """``Conflict`` unless this participant's team may hand in to the round now; sure only
    while the team is held."""
    _check_team(part.team)
    if not has_accepted(part, newest_rules(entry.competition)):
        sentence = _("The rules have changed. Read the newest ones and accept them.")
        raise Conflict("rules_not_accepted", sentence)
    if not may_enter(part.team, entry.round):
        raise Conflict("not_advanced", _("Your team has not gone on to this round."))
    _check_quota(part.team, entry)


def _check_team(team: Team) -> None:
    if team.disqualified is not None:
        raise Conflict("disqualified", _("This team has been disqualified."))


def _check_quota(team: Team, entry: _Entry) -> None:
    found = quota(team, entry.round, day=today(entry.now))
    if found.left == 0:
        sentence = ngettext(
            "Your team has made its %(count)d submission to this round.",
            "Your team has made all its %(count)d submissions to this round.",
            found.total_limit or 0,
        )
        raise Conflict("quota_total", sentence % {"count": found.total_limit})
    if found.left_today == 0:
        sentence = ngettext(
            "Your team has made its %(count)d submission of today. The next day begins at "
            "midnight, UTC.",
            "Your team has made its %(count)d submissions of today. The next day begins at "
            "midnight, UTC.",
            found.daily_limit or 0,
        )
        raise Conflict("quota_day", sentence % {"count": found.daily_limit})
    most = limit("failed_submissions_per_day")
    if found.failed_today >= most:
        sentence = ngettext(
            "%(count)d submission of your team's has failed today. Go on tomorrow.",
            "%(count)d submissions of your team's have failed today. Go on tomorrow.",
            most,
        )
        raise Conflict("failed_limit", sentence % {"count": most})


def _check_few(competition: Competition, submission_ids: list[int]) -> None:
    most = competition.finals_max
    if len(set(submission_ids)) > most:
        sentence = ngettext(
            "Choose %(count)d submission at most.", "Choose %(count)d submissions at most.", most
        )
        raise DomainError("too_many_finals", sentence % {"count": most}, field="submission_ids")


def _check(round_: Round, incoming: Incoming) -> Report:
    """What is wrong with the file. Where a program scores it only that can tell; and what
    the checker itself fails at, the scorer will find, with a file that may be good."""
    if not incoming.size:
        return Report((Problem("empty_file"),), 1)
    if round_.program or round_.fault:
        return Report()
    rules = Rules.from_json(round_.rules)
    return apart.check(rules, folders.truth(round_), incoming.path).report or Report()


def _create(
    entry: _Entry, incoming: Incoming | None = None, *, is_good: bool = True, **about: Any
) -> Submission:
    """Make the submission while its team is held: so many at once can't pass a quota."""
    with transaction.atomic():
        part = hold_participation(entry.user, entry.competition)
        _check_entry(entry, part)
        if Round.objects.filter(pk=entry.round.pk, finished__isnull=False).exists():
            raise _not_open()
        submission = Submission.objects.create(
            round=entry.round,
            team=part.team,
            user=entry.user,
            kind=entry.competition.submission_kind,
            message=entry.message,
            day=today(entry.now),
            state=SubmissionState.QUEUED if is_good else SubmissionState.INVALID,
            counts=is_good,
            is_open=is_good,
            queued=timezone.now() if is_good else None,
            **about,
        )
        if incoming is not None:
            incoming.keep_for(submission, entry.competition)
        if is_good:
            transaction.on_commit(wake.dispatcher)
    return submission


def _not_open() -> Conflict:
    return Conflict("not_open", _("This competition takes no submissions at the moment."))
