"""Reading notifications and how people want them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from lyceum.accounts.models import User
from lyceum.common.paging import Page, page_of
from lyceum.notifications.models import (
    BY_MAIL_AT_FIRST,
    Notification,
    NotificationKind,
    Preference,
)

PAGE = 30
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Ways:
    """How somebody is told of a kind."""

    in_page: bool
    by_mail: bool

    @classmethod
    def chosen(cls, kind: str, preference: Preference | None) -> Self:
        """Those of a preference, or by default."""
        if preference is None:
            return cls(in_page=True, by_mail=kind in BY_MAIL_AT_FIRST)
        return cls(in_page=preference.in_page, by_mail=preference.by_mail)


def unread_count(user: User) -> int:
    """How many are unread, ``MOST_COUNTED`` at most: a badge says no more."""
    unread = Notification.objects.filter(user=user, read=None, in_page=True)
    return unread[:MOST_COUNTED].count()


def notifications_page(user: User, cursor: str | None = None) -> Page[Notification]:
    """The newest first, with who caused them."""
    rows = Notification.objects.filter(user=user, in_page=True).select_related("actor")
    return page_of(rows, order=("id",), cursor=cursor, size=PAGE)


def preferences_of(user: User) -> dict[str, Ways]:
    """For each kind how ``user`` wants to be told."""
    rows = {each.kind: each for each in Preference.objects.filter(user=user)}
    return {kind: Ways.chosen(kind, rows.get(kind)) for kind in NotificationKind.values}
