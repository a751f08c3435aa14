"""Cleaning what organisers say about a competition or a round; shared by the actions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError
from lyceum.common.text import clean_line
from lyceum.competitions.models import (
    Advance,
    AuditAction,
    AuditEvent,
    Competition,
    CompetitionKind,
    FinalRule,
    Round,
    SubmissionKind,
    TieRule,
)

LONGEST_REASON = 500
_MOST_SHARES = 10
_MOST_MONEY = Decimal("9999999999.99")

Cleaner = Callable[[str, Any], Any]


def _line(longest: int, *, required: bool = False) -> Cleaner:
    return lambda field, value: clean_line(
        value or "", field=field, longest=longest, required=required
    )


def _choice(choices: type[TextChoices]) -> Cleaner:
    def clean(field: str, value: Any) -> str:
        if value not in choices.values:
            raise DomainError("no_such_choice", _("Please choose one of these."), field=field)
        return str(value)

    return clean


def _whole(least: int, most: int) -> Cleaner:
    def clean(field: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            sentence = _("A whole number from %(least)d to %(most)d, please.")
            raise DomainError(
                "out_of_range", sentence % {"least": least, "most": most}, field=field
            )
        return value

    return clean


def _flag(field: str, value: Any) -> bool:
    return bool(value)


def _score(field: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DomainError("no_number", _("A number, please."), field=field)
    return float(value)


def _moment(field: str, value: Any) -> datetime | None:
    if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
        raise DomainError("no_moment", _("A date with a time, please."), field=field)
    return value


def _money(field: str, value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(str(value)).quantize(Decimal("0.01"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not 0 <= amount <= _MOST_MONEY:
        raise DomainError("no_amount", _("An amount of money, please."), field=field)
    return amount


def _currency(field: str, value: Any) -> str:
    code = str(value or "").strip().upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        sentence = _("Three letters, please, such as CNY.")
        raise DomainError("no_currency", sentence, field=field)
    return code


def _shares(field: str, value: Any) -> list[float]:
    """Parts of the pool, the first place's first; they add up to at most 1."""
    try:
        shares = [float(each) for each in value]
    except (TypeError, ValueError):
        shares = [math.nan]
    # Compared with a little room: 0.5 + 0.3 + 0.2 need not be 1 in binary.
    if (
        len(shares) > _MOST_SHARES
        or any(not 0 < each <= 1 for each in shares)
        or sum(shares) > 1 + 1e-9
    ):
        sentence = _("Shares of the pool, each more than 0, that add up to at most 100 %%.")
        raise DomainError("bad_shares", sentence % {}, field=field)
    return shares


COMPETITION: Mapping[str, Cleaner] = {
    "kind": _choice(CompetitionKind),
    "name": _line(100, required=True),
    "name_en": _line(100),
    "summary": _line(300),
    "summary_en": _line(300),
    "organiser_name": _line(100),
    "organiser_name_en": _line(100),
    "submission_kind": _choice(SubmissionKind),
    "teams_allowed": _flag,
    "team_size_max": _whole(1, 50),
    "team_lock": _moment,
    "final_rule": _choice(FinalRule),
    "finals_max": _whole(1, 20),
    "pass_score": _score,
    "prize": _line(200),
    "prize_en": _line(200),
    "pool_amount": _money,
    "currency": _currency,
    "pool_shares": _shares,
    "tie_rule": _choice(TieRule),
    "has_medals": _flag,
}

ROUND: Mapping[str, Cleaner] = {
    "name": _line(60),
    "name_en": _line(60),
    "starts": _moment,
    "ends": _moment,
    "daily_limit": _whole(0, 1000),
    "total_limit": _whole(0, 100_000),
    "advance": _choice(Advance),
    "advance_count": _whole(0, 1_000_000),
    "advance_score": _score,
}


def cleaned(cleaners: Mapping[str, Cleaner], fields: Mapping[str, Any]) -> dict[str, Any]:
    """``fields`` as they are stored; ``DomainError`` about the first that is wrong."""
    unknown = [name for name in fields if name not in cleaners]
    if unknown:
        raise TypeError(f"No such field: {', '.join(unknown)}")
    return {name: cleaners[name](name, value) for name, value in fields.items()}


def changes(row: Competition | Round, fields: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What ``fields`` would change, for the audit log: ``{name: [old, new]}``."""
    return {
        name: [_told(getattr(row, name)), _told(value)]
        for name, value in fields.items()
        if getattr(row, name) != value
    }


def log(
    competition: Competition,
    action: AuditAction,
    user: User | None,
    *,
    reason: str = "",
    **data: Any,
) -> None:
    """Note in the audit log who did what; in the transaction that did it."""
    AuditEvent.objects.create(
        competition=competition, action=action, author=user, reason=reason, data=data
    )


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
