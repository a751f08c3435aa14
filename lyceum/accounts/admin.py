"""People in the administration."""

from __future__ import annotations

from allauth.account import admin as _email_admin  # noqa: F401  registers what is taken out below
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _
from oauth2_provider import admin as _oauth_admin  # noqa: F401  registers what is taken out below
from oauth2_provider import models as oauth

from lyceum.accounts.models import User

# One way in for everybody: the administration's own login form is not throttled.
admin.site.login = secure_admin_login(admin.site.login)

# Addresses stand with their person; the hub's tokens are nobody's to read or edit.
admin.site.unregister(
    (
        EmailAddress,
        oauth.AccessToken,
        oauth.Application,
        oauth.Grant,
        oauth.IDToken,
        oauth.RefreshToken,
    )
)


class EmailAddressInline(admin.TabularInline):
    model = EmailAddress
    extra = 0


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Everything but the picture, which only its owner changes (it is made anew)."""

    list_display = ("username", "display_name", "email", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_superuser", "is_active", "language")
    search_fields = ("username", "display_name", "email")
    ordering = ("-date_joined",)
    inlines = (EmailAddressInline,)
    fieldsets = (
        *UserAdmin.fieldsets[:1],
        (_("About them"), {"fields": ("display_name", "bio", "language")}),
        *UserAdmin.fieldsets[1:],
    )
