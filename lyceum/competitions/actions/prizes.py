"""Prizes: certificates and codes for who passes, certificates of places, parts of the pool.

Whoever gives or takes one holds the competition's row (`hold_prizes`), so each is given once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError
from lyceum.common.text import clean_line
from lyceum.competitions import pool
from lyceum.competitions.models import (
    Certificate,
    CertificateKind,
    Competition,
    Participation,
    PoolShare,
    PrizeCode,
    Round,
    Standing,
    Team,
)
from lyceum.competitions.queries.access import organised_competition
from lyceum.competitions.queries.board import ranked

MOST_CODES = 10_000
_LONGEST_CODE = 200
# Without those that are read for another one: 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
_LETTERS = "34679ACDEFGHJKMNPQRTWXY"


@dataclass(frozen=True, slots=True)
class AddedCodes:
    """What came of a list of codes: new ones, ones that were there already, and how many
    winners who had waited for one have got theirs."""

    added: int
    known: int
    handed_out: int


def hold_prizes(competition_id: int) -> Competition:
    """The competition, read again; until the transaction ends nobody else gives its prizes."""
    return Competition.objects.select_for_update(of=("self",), no_key=True).get(pk=competition_id)


def add_prize_codes(user: User, competition_id: int, text: str) -> AddedCodes:
    """Add the codes in ``text``, one a line, and give them to who has passed without one.

    Raises ``NotFound``, ``Forbidden`` and ``DomainError`` about ``codes``.
    """
    organised_competition(user, competition_id)
    codes = _clean_codes(text)
    with transaction.atomic():
        competition = hold_prizes(competition_id)
        there = set(competition.prize_codes.values_list("code", flat=True))
        fresh = [code for code in codes if code not in there]
        PrizeCode.objects.bulk_create(
            PrizeCode(competition=competition, code=code) for code in fresh
        )
        handed_out = _hand_out(competition)
    return AddedCodes(len(fresh), len(codes) - len(fresh), handed_out)


def settle_pass(team: Team, round_: Round, standing: Standing | None, *, reason: str = "") -> None:
    """Give who has reached the pass score the prize, at once (guide, 常规赛: 通过即可获得奖品).

    A certificate that is not deserved any more is revoked for ``reason``, and comes back
    with what it says when it is again; a code can't be taken back. The team is held, and
    the prize is in the transaction of the score.
    """
    competition = round_.competition
    if not competition.is_regular or competition.pass_score is None:
        return
    key = standing.public_key if standing and team.disqualified is None else None
    people = Participation.objects.filter(team=team).select_related("user")
    certificates = Certificate.objects.filter(
        competition=competition,
        kind=CertificateKind.PASSED,
        user__in=people.values("user"),
    )
    if key is None or key < round_.key(competition.pass_score):
        certificates.filter(revoked=None).update(revoked=timezone.now(), revoked_reason=reason)
        return
    hold_prizes(competition.pk)
    for each in people:
        if not certificates.filter(user=each.user, revoked=None).exists():
            _give(competition, CertificateKind.PASSED, each.user, score=standing.public_score)
        _give_code(competition, each)


def settle_places(competition: Competition, round_: Round, *, reason: str = "") -> None:
    """Certificates of the final places in the last round, for the members of each team.

    Whose place or score is another one now has the old certificate revoked for ``reason``
    and gets a new one; the competition's prizes and the round's board are held.
    """
    rows = Standing.objects.filter(round=round_, final_rank__isnull=False).select_related("team")
    placed = {standing.team_id: standing for standing in rows}
    people = Participation.objects.filter(competition=competition, left=None)
    wanted = {
        each.user_id: (each.user, placed[each.team_id])
        for each in people.select_related("user")
        if each.team_id in placed
    }
    issued = Certificate.objects.filter(competition=competition, kind=CertificateKind.PLACE)
    good, wrong = set(), []
    for each in issued.filter(revoked=None):
        standing = wanted[each.user_id][1] if each.user_id in wanted else None
        if standing and (each.place, each.score) == _place(standing):
            good.add(each.user_id)
        else:
            wrong.append(each.pk)
    issued.filter(pk__in=wrong).update(revoked=timezone.now(), revoked_reason=reason)
    returning = {
        (each.user_id, each.place, each.score): each for each in issued.exclude(revoked=None)
    }
    fresh, again = [], []
    for user_id, (user, standing) in wanted.items():
        if user_id in good:
            continue
        old = returning.get((user_id, *_place(standing)))
        if old:
            again.append(old.pk)
            continue
        place, score = _place(standing)
        said = {"team_name": standing.team.name, "score": score, "place": place}
        said["teams"] = len(placed)
        fresh.append(_certificate(competition, CertificateKind.PLACE, user, **said))
    issued.filter(pk__in=again).update(revoked=None, revoked_reason="")
    Certificate.objects.bulk_create(fresh, batch_size=500)


def settle_pool(competition: Competition, round_: Round) -> dict[int, tuple[str, str]]:
    """Divide the pool by the last round's final places; the amounts before and after of the
    teams for which that changed something."""
    wanted = _pool_parts(competition, round_)
    there = {each.team_id: each for each in competition.pool_parts.all()}
    changed: dict[int, tuple[str, str]] = {}
    for team_id in {*wanted, *there}:
        old, new = there.get(team_id), wanted.get(team_id)
        if old and new and (old.place, old.share, old.amount) == (
            new.place, new.share, new.amount,
        ):  # fmt: skip
            continue
        changed[team_id] = (str(old.amount if old else 0), str(new.amount if new else 0))
        if new is None:
            there[team_id].delete()
            continue
        values = {"place": new.place, "share": new.share, "amount": new.amount}
        PoolShare.objects.update_or_create(
            competition=competition, team_id=team_id, defaults=values
        )
    return changed


def _pool_parts(competition: Competition, round_: Round) -> dict[int, pool.Part]:
    if not competition.pool_amount or not competition.pool_shares:
        return {}
    rows = ranked(round_, private=True)
    winning = list(rows[: len(competition.pool_shares)])
    if not winning:
        return {}
    # With all who are as good as the last one that wins.
    teams = list(
        rows.filter(private_key__gte=winning[-1].private_key).values_list("team_id", "private_key")
    )
    found = pool.parts(
        [key for _team, key in teams],
        competition.pool_shares,
        Decimal(competition.pool_amount),
        competition.tie_rule,
    )
    return {team_id: part for (team_id, _key), part in zip(teams, found, strict=False)}


def _place(standing: Standing) -> tuple[int | None, float | None]:
    return standing.final_rank, standing.private_score


def _give(competition: Competition, kind: str, user: User, **said: Any) -> None:
    """A certificate for ``user``, or back the one that said the same."""
    same = Certificate.objects.filter(competition=competition, kind=kind, user=user, **said)
    certificate = same.first() or _certificate(competition, kind, user, **said)
    certificate.revoked, certificate.revoked_reason = None, ""
    certificate.save()


def _certificate(competition: Competition, kind: str, user: User, **said: Any) -> Certificate:
    return Certificate(
        code=_code(), kind=kind, competition=competition, user=user, holder=user.shown_name, **said
    )


def _code() -> str:
    """Sixteen letters in fours: 2⁷² of them, so nobody finds one by trying."""
    return "-".join("".join(secrets.choice(_LETTERS) for _n in range(4)) for _m in range(4))


def _give_code(competition: Competition, participation: Participation) -> bool:
    """Give a free code, if there is one, to who has none; the prizes are held."""
    if PrizeCode.objects.filter(participation=participation).exists():
        return False
    free = competition.prize_codes.filter(participation=None).order_by("id").first()
    if free is None:
        return False
    free.participation, free.awarded = participation, timezone.now()
    free.save(update_fields=["participation", "awarded"])
    return True


def _hand_out(competition: Competition) -> int:
    """Give codes to who has passed without one, the first first; how many."""
    passed = Certificate.objects.filter(
        competition=competition, kind=CertificateKind.PASSED, revoked=None
    )
    users = passed.filter(
        user__participations__competition=competition,
        user__participations__prize_code=None,
    ).order_by("issued", "id")
    given = 0
    for user_id in list(users.values_list("user_id", flat=True)):
        person = Participation.objects.get(competition=competition, user_id=user_id)
        if not _give_code(competition, person):
            break
        given += 1
    return given


def _clean_codes(text: str) -> list[str]:
    lines: Iterable[str] = text.splitlines()
    codes = dict.fromkeys(clean_line(line, field="codes", longest=_LONGEST_CODE) for line in lines)
    found = [code for code in codes if code]
    if not found:
        raise DomainError("required", _("Write one code a line, please."), field="codes")
    if len(found) > MOST_CODES:
        sentence = ngettext(
            "At most %(count)d code at once, please.",
            "At most %(count)d codes at once, please.",
            MOST_CODES,
        )
        raise DomainError("too_many_codes", sentence % {"count": MOST_CODES}, field="codes")
    return found
