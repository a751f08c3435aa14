"""Rounds: their dates, data, quotas, and who goes on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, NotFound
from lyceum.competitions.actions.organising import _fields
from lyceum.competitions.models import Advance, AuditAction, Competition, Round
from lyceum.competitions.queries.access import organised_competition
from lyceum.datasets.models import Dataset
from lyceum.datasets.queries import get_dataset

_MOST_ROUNDS = 10
_MOST_DATASETS = 5
_ALWAYS = ("name", "name_en")


def organised_round(user: User, round_id: int) -> Round:
    """A round of a competition that ``user`` organises, with the competition."""
    found = Round.objects.filter(pk=round_id).first()
    if found is None:
        raise NotFound("no_such_round", _("There is no such round (any more)."))
    found.competition = organised_competition(user, found.competition_id)
    return found


def hold_round(round_: Round) -> Round:
    """The round, read again; until the transaction ends nobody else changes it."""
    rows = Round.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("competition").get(pk=round_.pk)


def add_round(user: User, competition_id: int, **fields: Any) -> Round:
    """Add a round after the last one; ``fields`` as of `edit_round`.

    Raises ``Conflict`` for a regular competition, which has one, and after the end.
    """
    competition = organised_competition(user, competition_id)
    if competition.is_regular:
        raise Conflict("one_round", _("A regular competition has one round."))
    with transaction.atomic():
        competition = Competition.objects.select_for_update(of=("self",)).get(pk=competition.pk)
        if competition.has_ended():
            raise Conflict("has_ended", _("The competition is over."))
        count = competition.rounds.count()
        if count >= _MOST_ROUNDS:
            sentence = _("A competition has at most %(count)d rounds.") % {"count": _MOST_ROUNDS}
            raise Conflict("too_many_rounds", sentence)
        round_ = Round.objects.create(competition=competition, number=count + 1)
        return _edit(user, round_, fields)


def edit_round(user: User, round_id: int, **fields: Any) -> Round:
    """Change what is given (names, dates, limits, who goes on, ``dataset_ids``), leave the
    rest. Dates may be missing in a draft.

    Raises ``NotFound``, ``Forbidden``, ``DomainError`` about a field, and ``Conflict`` once
    the round is finished.
    """
    round_ = organised_round(user, round_id)
    with transaction.atomic():
        return _edit(user, hold_round(round_), fields)


def remove_round(user: User, round_id: int) -> None:
    """Remove the last round while nobody has handed in to it; the first one stays."""
    round_ = organised_round(user, round_id)
    with transaction.atomic():
        round_ = hold_round(round_)
        last = Round.objects.filter(competition=round_.competition_id).latest("number")
        if round_.number == 1 or round_.pk != last.pk:
            raise Conflict("not_last_round", _("Only the last of several rounds can be removed."))
        if round_.submissions.exists() or round_.finished:
            raise Conflict("has_submissions", _("This round has submissions."))
        if round_.competition.published and round_.is_open():
            raise Conflict("round_open", _("This round is running."))
        number = round_.number
        round_.delete()
        _follow_dates(round_.competition)
        if round_.competition.published:
            _fields.log(round_.competition, AuditAction.CHANGED, user, round=number, removed=True)


def _edit(user: User, round_: Round, fields: dict[str, Any]) -> Round:
    fields = dict(fields)
    dataset_ids = fields.pop("dataset_ids", None)
    values = _fields.cleaned(_fields.ROUND, fields)
    changed = _fields.changes(round_, values)
    competition = round_.competition
    if round_.finished and set(changed) - set(_ALWAYS):
        raise Conflict("round_finished", _("This round is finished; its places are fixed."))
    for name, value in values.items():
        setattr(round_, name, value)
    if "starts" in values or "ends" in values:
        _check_dates(round_, is_new_end="ends" in changed)
    _check_advance(round_)
    round_.save(update_fields=list(values))
    if dataset_ids is not None:
        round_.datasets.set(_datasets(user, round_, dataset_ids))
    _follow_dates(competition)
    decisive = {name: each for name, each in changed.items() if name not in _ALWAYS}
    if competition.published and decisive:
        _fields.log(competition, AuditAction.CHANGED, user, round=round_.number, changes=decisive)
    return round_


def _check_dates(round_: Round, *, is_new_end: bool) -> None:
    starts, ends, now = round_.starts, round_.ends, timezone.now()
    if starts and ends and starts >= ends:
        raise DomainError("ends_early", _("It must end after it starts."), field="ends")
    published = round_.competition.published
    if published and not (starts and ends):
        raise DomainError(
            "required", _("Please fill this in."), field="ends" if starts else "starts"
        )
    if published and is_new_end and ends <= now:
        raise DomainError("ends_past", _("The end must be to come."), field="ends")
    others = Round.objects.filter(competition=round_.competition_id)
    before = others.filter(number__lt=round_.number).aggregate(end=Max("ends"))["end"]
    after = others.filter(number__gt=round_.number).aggregate(start=Min("starts"))["start"]
    if starts and before and starts < before:
        raise DomainError(
            "overlaps", _("It must start after the round before has ended."), field="starts"
        )
    if ends and after and ends > after:
        raise DomainError("overlaps", _("It must end before the next round starts."), field="ends")


def _check_advance(round_: Round) -> None:
    if round_.advance == Advance.TOP and not round_.advance_count:
        raise DomainError("required", _("How many places go on?"), field="advance_count")
    if round_.advance == Advance.SCORE and round_.advance_score is None:
        raise DomainError("required", _("Which score goes on?"), field="advance_score")


def _datasets(user: User, round_: Round, ids: Iterable[int]) -> list[Dataset]:
    """Those that ``user`` may see, or that the round has already by another organiser."""
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > _MOST_DATASETS:
        sentence = _("A round has at most %(count)d datasets.") % {"count": _MOST_DATASETS}
        raise DomainError("too_many_datasets", sentence, field="datasets")
    there = {each.pk: each for each in round_.datasets.all()}
    return [there.get(pk) or get_dataset(user, pk) for pk in wanted]


def _follow_dates(competition: Competition) -> None:
    """Keep the competition's start and end what its rounds say."""
    rounds = Round.objects.filter(competition=competition)
    dates: dict[str, datetime | None] = rounds.aggregate(first=Min("starts"), last=Max("ends"))
    Competition.objects.filter(pk=competition.pk).update(
        starts=dates["first"], ends=dates["last"], updated=timezone.now()
    )
