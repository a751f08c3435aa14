"""The account that owns what ships with the platform; nobody logs in with it."""

from __future__ import annotations

from lyceum.accounts.models import User

NAME = "lyceum"


def official_owner() -> User:
    """The owner of official content, made at its first use, without a password."""
    owner = User.objects.filter(username=NAME).first()
    if owner is None:
        owner = User(username=NAME, display_name="Lyceum")
        owner.set_unusable_password()
        owner.save()
    return owner
