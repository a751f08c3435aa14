"""A regular competition a month, made from a template (guide, 常规赛: 每月一次)."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError
from lyceum.common.search import searchable
from lyceum.competitions import folders
from lyceum.competitions.actions.organising import _fields, _storing
from lyceum.competitions.actions.organising.competition import _FOUND_BY
from lyceum.competitions.models import AuditAction, Competition, Round, RulesText, Schedule
from lyceum.competitions.queries.access import newest_rules, organised_competition
from lyceum.competitions.queries.readiness import missing
from lyceum.scoring import Rules

# Made a little before it starts, so that people see it coming.
_AHEAD = timedelta(days=3)
_COPIED = (
    "kind", "owner", "is_official", "slug", "name", "name_en", "summary", "summary_en",
    "organiser_name", "organiser_name_en", "cover", "baseline", "submission_kind",
    "teams_allowed", "team_size_max", "final_rule", "finals_max", "pass_score", "prize",
    "prize_en", "pool_amount", "currency", "pool_shares", "tie_rule", "has_medals",
    "search_text",
)  # fmt: skip
_COPIED_OF_ROUND = (
    "number", "name", "name_en", "daily_limit", "total_limit", "rules", "program",
    "program_environment", "metric", "higher_is_better", "has_private", "truth_name",
    "truth_sha256", "truth_rows", "example_name", "inputs_name", "advance", "advance_count",
    "advance_score", "fault",
)  # fmt: skip


def make_template(user: User, competition_id: int) -> Competition:
    """A template that is like a regular competition, its files too.

    Raises ``NotFound``, ``Forbidden``, and ``Conflict`` for a technical one.
    """
    source = organised_competition(user, competition_id)
    if not source.is_regular:
        raise Conflict("not_regular", _("Only regular competitions come every month."))
    with transaction.atomic():
        template = _copy(source, is_template=True, is_official=False, slug="")
        template.organisers.set(source.organisers.all())
    return template


def schedule(
    user: User, template_id: int, *, day: int = 1, days: int = 28, is_active: bool = True
) -> Schedule:
    """Make a competition of the template each month: on its ``day`` (1 to 28, UTC), for
    ``days`` days (1 to 31).

    Raises ``NotFound``, ``Forbidden``, ``DomainError`` about a field or a template that is
    not ready, and ``Conflict`` for what is no template of a regular competition.
    """
    template = organised_competition(user, template_id)
    if not (template.is_template and template.is_regular):
        raise Conflict("no_template", _("This is no template of a regular competition."))
    for field, value, most in (("day", day, 28), ("days", days, 31)):
        if not 1 <= value <= most:
            sentence = _("A whole number from %(least)d to %(most)d, please.")
            raise DomainError("out_of_range", sentence % {"least": 1, "most": most}, field=field)
    if is_active and (lacks := missing(template)):
        raise DomainError("not_ready", " ".join(each.sentence for each in lacks))
    made, _new = Schedule.objects.update_or_create(
        template=template, defaults={"day": day, "days": days, "is_active": is_active}
    )
    return made


def due_months(now: datetime | None = None) -> list[tuple[Schedule, str]]:
    """What is to be made now (`make_month`): this month's, and the next one's when it is
    about to start."""
    now = now or timezone.now()
    due = []
    for each in Schedule.objects.filter(is_active=True, template__deleted=None):
        for month in (f"{now:%Y-%m}", _after(f"{now:%Y-%m}")):
            starts, ends = _dates(each, month)
            if starts - _AHEAD <= now < ends and month > each.last_month:
                due.append((each, month))
    return due


def make_month(schedule: Schedule, month: str) -> Competition:
    """The schedule's competition of a month (``2026-11``), made unless there is one.

    For the platform. It is published at once; a split gets a seed of its own, so that a
    month's private board tells nothing about the next one's.
    """
    starts, ends = _dates(schedule, month)
    with transaction.atomic():
        locked = Schedule.objects.select_for_update(of=("self",)).get(pk=schedule.pk)
        found = Competition.objects.filter(made_from=locked.template_id, month=month).first()
        if found is not None:
            return found
        template = locked.template
        made = _copy(
            template,
            made_from=template,
            month=month,
            name=f"{template.name} {month}"[:100],
            name_en=f"{template.name_en} {month}"[:100] if template.name_en else "",
            starts=starts,
            ends=ends,
            published=timezone.now(),
        )
        made.search_text = searchable(getattr(made, name) for name in _FOUND_BY)
        made.save(update_fields=["search_text"])
        made.organisers.set(template.organisers.all())
        made.rounds.update(starts=starts, ends=ends)
        _fields.log(made, AuditAction.PUBLISHED, None, month=month)
        locked.last_month = max(locked.last_month, month)
        locked.save(update_fields=["last_month"])
    return made


def _copy(source: Competition, **changed: object) -> Competition:
    """A competition like ``source``, with its texts, rounds and files."""
    made = Competition(**{**{name: getattr(source, name) for name in _COPIED}, **changed})
    made.save()
    for page in source.pages.all():
        made.pages.create(key=page.key, text=page.text, text_en=page.text_en)
    if rules := newest_rules(source):
        RulesText.objects.create(
            competition=made, number=1, text=rules.text, text_en=rules.text_en, author=rules.author
        )
    for round_ in source.rounds.all():
        _copy_round(round_, made)
    return made


def _copy_round(source: Round, competition: Competition) -> None:
    values = {name: getattr(source, name) for name in _COPIED_OF_ROUND}
    made = Round.objects.create(
        competition=competition, **{**values, "rules": _with_own_seed(source.rules)}
    )
    made.datasets.set(source.datasets.all())
    for what in ("truth", "example", "inputs", "program"):
        _copy_folder(folders.of_round(source) / what, folders.of_round(made) / what)


def _with_own_seed(text: str) -> str:
    rules = Rules.from_json(text) if text else None
    if rules is None or rules.split is None or rules.split.column:
        return text
    split = msgspec.structs.replace(rules.split, seed=_storing.new_seed())
    return msgspec.structs.replace(rules, split=split).to_json()


def _copy_folder(source: Path, target: Path) -> None:
    if source.is_dir():
        _storing.private_folder(target.parent)
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(".new-*"),
                        dirs_exist_ok=True)  # fmt: skip
        target.chmod(0o700)


def _dates(schedule: Schedule, month: str) -> tuple[datetime, datetime]:
    starts = datetime.strptime(f"{month}-{schedule.day:02}", "%Y-%m-%d").replace(tzinfo=UTC)
    return starts, starts + timedelta(days=schedule.days)


def _after(month: str) -> str:
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return f"{first + timedelta(days=31):%Y-%m}"
