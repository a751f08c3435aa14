"""Telling whether two accounts are one person's (one person, one account a competition)."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from lyceum.accounts.models import User

_SALT = "lyceum.competitions.person"
_GMAIL = ("gmail.com", "googlemail.com")


def person_digest(user: User) -> str:
    """A digest that all accounts with one mailbox share; empty without an e-mail address."""
    mailbox = _mailbox(user.email)
    return salted_hmac(_SALT, mailbox, algorithm="sha256").hexdigest() if mailbox else ""


def _mailbox(email: str) -> str:
    """An address without what mail providers ignore in it: the case, what follows a ``+``,
    and Gmail's dots and second name."""
    name, at, domain = email.strip().casefold().rpartition("@")
    if not at:
        return ""
    name = name.partition("+")[0] or name
    if domain in _GMAIL:
        name, domain = name.replace(".", ""), _GMAIL[0]
    return f"{name}@{domain}"
