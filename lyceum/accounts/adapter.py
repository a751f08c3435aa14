"""Where the platform differs from django-allauth's habits."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language

from lyceum.accounts.models import User


def shown_name(user: User) -> str:
    """What messages and e-mails call ``user``."""
    return user.shown_name


class AccountAdapter(DefaultAccountAdapter):
    def is_safe_url(self, url: str | None) -> bool:
        """Only this origin: the notebooks' host is ours too, but its pages are not."""
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def save_user(
        self, request: HttpRequest, user: User, form: Any, commit: bool = True
    ) -> AbstractBaseUser:
        """A new learner keeps the language they signed up in."""
        language = get_language()
        user.language = language if language in dict(settings.LANGUAGES) else ""
        return super().save_user(request, user, form, commit)
