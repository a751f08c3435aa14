"""What a learner changes about themselves."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError


def choose_language(user: User, *, language: str) -> None:
    """Keep ``language`` (a code of ``settings.LANGUAGES``) for every later visit.

    Raises ``DomainError`` (``unknown_language``) for any other code.
    """
    if language not in dict(settings.LANGUAGES):
        raise DomainError("unknown_language", _("There is no such language."), field="language")
    user.language = language
    user.save(update_fields=["language"])
