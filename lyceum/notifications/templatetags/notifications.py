"""What templates say of notifications."""

from __future__ import annotations

from django import template

from lyceum.accounts.models import User
from lyceum.notifications import queries, words

register = template.Library()
register.filter("sentence", words.sentence)


@register.inclusion_tag("notifications/bell.html")
def bell(user: User) -> dict[str, int]:
    """The bell with the number of unread ones."""
    return {"unread": queries.unread_count(user)}
