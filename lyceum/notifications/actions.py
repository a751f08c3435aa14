"""Telling people things, and what they do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from lyceum.accounts import system
from lyceum.accounts.models import User
from lyceum.notifications.models import Notification, NotificationKind, Preference
from lyceum.notifications.queries import Ways, preferences_of

_AT_ONCE = 1000


def notify(
    user_ids: Iterable[int],
    kind: NotificationKind,
    *,
    link: str,
    actor: User | None = None,
    **data: Any,
) -> None:
    """Tell people of something, each as they wish; nobody of what they did themselves.

    Joins the caller's transaction: what is rolled back was never told. ``link`` is a path
    of the portal, ``data`` what `words.sentence` needs for this kind.
    """
    wanted = sorted({each for each in user_ids if actor is None or each != actor.pk})
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        Notification.objects.bulk_create(
            Notification(user_id=user, kind=kind, actor=actor, link=link, data=data, **ways)
            for user, ways in _ways(some, kind)
        )


def _ways(user_ids: list[int], kind: NotificationKind) -> Iterator[tuple[int, dict[str, bool]]]:
    """Who of them is told, and how; nobody reads what the platform's own account is told."""
    rows = Preference.objects.filter(kind=kind, user__in=user_ids)
    chosen = {each.user_id: each for each in rows}
    people = User.objects.filter(pk__in=user_ids, is_active=True).exclude(username=system.NAME)
    for user in people.values_list("pk", flat=True):
        ways = Ways.chosen(kind, chosen.get(user))
        if ways.in_page or ways.by_mail:
            yield user, {"in_page": ways.in_page, "by_mail": ways.by_mail}


def read_notification(user: User, notification_id: int) -> str:
    """Mark one as read; where it leads. The list of them, when it is not ``user``'s."""
    mine = Notification.objects.filter(user=user, pk=notification_id).first()
    if mine is None:
        return "/notifications/"
    Notification.objects.filter(pk=mine.pk, read=None).update(read=timezone.now())
    return mine.link


def read_all(user: User) -> None:
    """Mark all of them as read."""
    Notification.objects.filter(user=user, read=None).update(read=timezone.now())


def choose_ways(user: User, wanted: Mapping[str, Ways]) -> None:
    """Set how ``user`` is told of each kind in ``wanted``; others stay as they are."""
    with transaction.atomic():
        for kind, before in preferences_of(user).items():
            ways = wanted.get(kind, before)
            if ways != before:
                fields = {"in_page": ways.in_page, "by_mail": ways.by_mail}
                Preference.objects.update_or_create(user=user, kind=kind, defaults=fields)
