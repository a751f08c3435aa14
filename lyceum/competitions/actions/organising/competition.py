"""Making, changing and publishing a competition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, Forbidden
from lyceum.common.images import reencoded
from lyceum.common.search import searchable
from lyceum.competitions.actions.organising import _fields
from lyceum.competitions.actions.prizes import settle_pass
from lyceum.competitions.models import (
    AuditAction,
    Competition,
    CompetitionKind,
    Round,
    Standing,
    Team,
)
from lyceum.competitions.queries.access import may_organise, organised_competition
from lyceum.competitions.queries.readiness import missing
from lyceum.limits import limit
from lyceum.projects.queries import get_project

_COVER = (960, 540)
_FOUND_BY = (
    "name", "name_en", "summary", "summary_en", "organiser_name", "organiser_name_en",
)  # fmt: skip
# What participants rely on: what it is stays so once it is public, how it is decided is
# logged when it changes, and fixed once it is decided.
_FIXED = ("kind", "submission_kind")
_DECISIVE = (
    *_FIXED, "teams_allowed", "team_size_max", "team_lock", "final_rule", "finals_max",
    "pass_score", "pool_amount", "currency", "pool_shares", "tie_rule", "has_medals",
)  # fmt: skip


def create_competition(user: User, *, kind: str, name: str, **fields: Any) -> Competition:
    """A draft of ``user``'s with its first round; ``fields`` as of `edit_competition`.

    Raises ``Forbidden``, ``DomainError`` about a field, and ``Conflict`` with too many
    drafts.
    """
    if not may_organise(user):
        raise Forbidden("may_not_organise", _("You may not make competitions."))
    values = _values(user, None, {"kind": kind, "name": name, **fields})
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        drafts = Competition.objects.filter(owner=user, published=None, deleted=None)
        most = limit("competition_drafts_per_user")
        if drafts.filter(is_template=False).count() >= most:
            sentence = _("You have %(count)d drafts already. Publish or delete one first.")
            raise Conflict("too_many_drafts", sentence % {"count": most})
        return _create(user, values)


def install_competition(
    owner: User, *, slug: str, is_template: bool = False, **fields: Any
) -> Competition:
    """The official competition ``slug``, made or brought up to date; for the platform's own
    loader, which has checked nothing. What is decisive stays as it is once published."""
    with transaction.atomic():
        found = Competition.objects.filter(slug=slug, is_official=True, made_from=None).first()
        if found is None:
            about = {"slug": slug, "is_official": True, "is_template": is_template}
            return _create(owner, {**_values(owner, None, fields), **about})
        if found.published:
            fields = {name: each for name, each in fields.items() if name not in _DECISIVE}
        _store(found, _values(owner, found, fields))
    return found


def edit_competition(user: User, competition_id: int, **fields: Any) -> Competition:
    """Change what is given (fields of `Competition`, ``baseline_id``), leave the rest.

    Raises ``NotFound``, ``Forbidden``, ``DomainError`` about a field, and ``Conflict`` for
    what can't be changed any more (codes ``is_published``, ``is_finished``,
    ``pass_score_harder``).
    """
    competition = organised_competition(user, competition_id)
    values = _values(user, competition, fields)
    with transaction.atomic():
        # Teams before the competition, as whoever gives prizes holds them.
        passing = _newly_passing(competition, values)
        competition = Competition.objects.select_for_update(of=("self",)).get(pk=competition.pk)
        _check_changes(competition, values)
        decisive = {name: value for name, value in values.items() if name in _DECISIVE}
        if competition.published and (changed := _fields.changes(competition, decisive)):
            _fields.log(competition, AuditAction.CHANGED, user, changes=changed)
        _store(competition, values)
        for standing in passing:
            standing.round.competition = competition
            settle_pass(standing.team, standing.round, standing)
    return competition


def publish(user: User, competition_id: int) -> Competition:
    """Show the competition to everybody; from its start on it takes submissions.

    Raises ``NotFound``, ``Forbidden``, and ``DomainError`` (code ``not_ready``) with all
    that is missing. Publishing again changes nothing.
    """
    competition = organised_competition(user, competition_id)
    with transaction.atomic():
        competition = Competition.objects.select_for_update(of=("self",)).get(pk=competition.pk)
        if competition.published:
            return competition
        if lacks := missing(competition):
            raise DomainError("not_ready", " ".join(str(each.sentence) for each in lacks))
        competition.published = timezone.now()
        competition.save(update_fields=["published", "updated"])
        _fields.log(competition, AuditAction.PUBLISHED, user)
    return competition


def delete_competition(user: User, competition_id: int) -> None:
    """Delete a draft, or a competition in which nobody has ever taken part.

    Raises ``NotFound``, ``Forbidden``, and ``Conflict``.
    """
    competition = organised_competition(user, competition_id)
    with transaction.atomic():
        competition = Competition.objects.select_for_update(of=("self",)).get(pk=competition.pk)
        if competition.participations.exists():
            sentence = _("Somebody takes part in it; it can't be deleted any more.")
            raise Conflict("has_participants", sentence)
        competition.deleted = timezone.now()
        competition.save(update_fields=["deleted", "updated"])


def set_cover(user: User, competition_id: int, *, image: BinaryIO | None) -> Competition:
    """Give the competition a cover, re-encoded by us; ``None`` takes it away.

    Raises ``DomainError`` (field ``cover``) when it is no picture or too large.
    """
    competition = organised_competition(user, competition_id)
    fresh = image and reencoded(image, width=_COVER[0], height=_COVER[1], field="cover")
    before = competition.cover.name
    if fresh:
        competition.cover.save(fresh.name, fresh, save=False)
    else:
        competition.cover = ""
    competition.save(update_fields=["cover", "updated"])
    # A month's copy has the same picture as its template.
    if before and not Competition.objects.filter(cover=before).exists():
        competition.cover.storage.delete(before)
    return competition


def set_organisers(user: User, competition_id: int, *, names: Iterable[str]) -> Competition:
    """Who organises it beside its owner, by user name; its owner may say (or an
    administrator). Raises ``DomainError`` about ``organisers`` for an unknown name."""
    competition = organised_competition(user, competition_id)
    if competition.owner_id != user.pk and not user.is_superuser:
        raise Forbidden("not_owner", _("Only the owner of this competition can do that."))
    wanted = dict.fromkeys(each.strip() for each in names if each.strip())
    found = {each.username: each for each in User.objects.filter(username__in=wanted)}
    for name in wanted:
        if name not in found:
            sentence = _("There is nobody called “%(name)s”.") % {"name": name[:150]}
            raise DomainError("no_such_user", sentence, field="organisers")
    takes_part = competition.participations.filter(user__in=found.values(), left=None).first()
    if takes_part:
        sentence = _("“%(name)s” takes part in this competition, and can't organise it.")
        raise Conflict(
            "takes_part", sentence % {"name": takes_part.user.username}, field="organisers"
        )
    competition.organisers.set(found.values())
    return competition


def _create(owner: User, values: dict[str, Any]) -> Competition:
    competition = Competition(owner=owner)
    competition.slug = slugify(values.get("name_en") or values["name"])[:80]
    _store(competition, values)
    Round.objects.create(competition=competition, number=1)
    return competition


def _values(user: User, competition: Competition | None, given: dict[str, Any]) -> dict[str, Any]:
    """``given`` as it is stored, with what follows from the kind."""
    given = dict(given)
    baseline_id = given.pop("baseline_id", ...)
    values = _fields.cleaned(_fields.COMPETITION, given)
    if baseline_id is not ...:
        values["baseline"] = None if baseline_id is None else get_project(user, baseline_id)
    kind = values.get("kind") or (competition.kind if competition else "")
    if kind == CompetitionKind.REGULAR:
        # Guide, 常规赛: persons only.
        values |= {"teams_allowed": False, "team_size_max": 1}
    return values


def _store(competition: Competition, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(competition, name, value)
    competition.search_text = searchable(getattr(competition, name) for name in _FOUND_BY)
    if competition.pk is None:
        competition.save()
    else:
        competition.save(update_fields=[*values, "search_text", "updated"])


def _check_changes(competition: Competition, values: dict[str, Any]) -> None:
    changed = _fields.changes(competition, {n: v for n, v in values.items() if n in _DECISIVE})
    for name in changed:
        if competition.published and name in _FIXED:
            sentence = _("This can't be changed once the competition is published.")
            raise Conflict("is_published", sentence, field=name)
        if competition.finished:
            sentence = _("This can't be changed once the competition is finished.")
            raise Conflict("is_finished", sentence, field=name)
    if "pass_score" in changed and competition.published and competition.has_started():
        _check_easier(competition, values["pass_score"])


def _check_easier(competition: Competition, score: float | None) -> None:
    """Nobody who has passed is to lose the prize again."""
    first = competition.rounds.first()
    before = competition.pass_score
    if before is None or first is None:
        return
    if score is None or first.key(score) > first.key(before):
        sentence = _("Once it has begun the pass score can only be made easier to reach.")
        raise Conflict("pass_score_harder", sentence, field="pass_score")


def _newly_passing(competition: Competition, values: dict[str, Any]) -> list[Standing]:
    """The teams that pass by a new pass score, held."""
    score = values.get("pass_score")
    first = competition.rounds.first()
    if score is None or score == competition.pass_score or not competition.published or not first:
        return []
    reached = Standing.objects.filter(round=first, public_key__gte=first.key(score))
    teams = Team.objects.filter(pk__in=reached.values("team")).order_by("pk")
    held = teams.select_for_update(of=("self",), no_key=True).in_bulk()
    rows = list(reached.filter(team__in=held).select_related("round"))
    for each in rows:
        each.team = held[each.team_id]
    return rows
