"""The digest: once a day at most, what has not been read in the page, by mail."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import ngettext

from lyceum.accounts.models import User
from lyceum.config import settings
from lyceum.notifications.models import Digest, Notification
from lyceum.notifications.words import sentence

log = logging.getLogger(__name__)

BETWEEN = timedelta(hours=24)
SETTLED = timedelta(minutes=30)
"""How old the oldest news is when a digest goes out: several often come together."""

_MOST_LISTED = 50


def send_due(now: datetime | None = None) -> int:
    """Send each digest that is due; how many. One that can't be sent is tried again."""
    now = now or timezone.now()
    waiting = Notification.objects.filter(
        by_mail=True, mailed=None, created__lte=now - SETTLED, user__is_active=True
    )
    recent = Digest.objects.filter(sent__gt=now - BETWEEN).values("user")
    sent = 0
    for user in waiting.exclude(user__in=recent).values_list("user", flat=True).distinct():
        try:
            sent += _send(user, now)
        except OSError as error:  # the mail server's refusals are of this kind too
            log.warning("the digest of user %s could not be sent: %s", user, error)
    return sent


def _send(user_id: int, now: datetime) -> bool:
    """Mark and send in one transaction: what can't be sent stays unsent."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        if Digest.objects.filter(user=user, sent__gt=now - BETWEEN).exists():
            return False
        rows = Notification.objects.filter(user=user, by_mail=True, mailed=None)
        news = list(rows.filter(read=None).select_related("actor").order_by("-id"))
        rows.update(mailed=now)
        addresses = EmailAddress.objects.filter(user=user, verified=True)
        address = addresses.order_by("-primary").first()
        if not news or address is None:
            return False
        Digest.objects.update_or_create(user=user, defaults={"sent": now})
        _message(user, address.email, news).send()
    return True


def _message(user: User, address: str, news: list[Notification]) -> EmailMessage:
    portal = settings().portal_url
    with translation.override(user.language or "zh-hans"):
        subject = ngettext("%(count)d thing is new", "%(count)d things are new", len(news))
        text = render_to_string(
            "notifications/digest.txt",
            {
                "user": user,
                "news": [(sentence(each), f"{portal}{each.link}") for each in news[:_MOST_LISTED]],
                "more": max(0, len(news) - _MOST_LISTED),
                "portal": portal,
            },
        )
        return EmailMessage(f"[Lyceum] {subject % {'count': len(news)}}", text, to=[address])
