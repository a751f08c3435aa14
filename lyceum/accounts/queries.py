"""Reading about people."""

from __future__ import annotations

from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import NotFound


def get_person(user_id: int) -> User:
    """The active person ``user_id``; raises ``NotFound`` for anybody else."""
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None:
        raise NotFound("no_such_person", _("There is no such person."))
    return person
