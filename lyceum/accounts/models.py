"""People: the learner, their profile and their language."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A learner or administrator; ``id`` is the user id of the guide's URL rule."""

    display_name = models.CharField(_("display name"), max_length=60, blank=True)
    bio = models.TextField(_("bio"), max_length=500, blank=True)
    avatar = models.ImageField(_("avatar"), upload_to="avatars/", blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)

    @property
    def shown_name(self) -> str:
        return self.display_name or self.username


class AdminLoginLink(models.Model):
    """The one-time link by which the first administrator sets a password.

    Only the token's SHA-256 is kept; the token itself is printed once.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)


class AccessToken(models.Model):
    """A personal access token: a program that has it acts as its user.

    Only its SHA-256 is kept; the token itself is shown once. Without ``expires`` it
    is good until it is revoked, which deletes the row. ``last_used`` is right to
    the minute.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens"
    )
    name = models.CharField(_("name"), max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)
