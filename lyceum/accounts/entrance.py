"""django-allauth's forms in the words of our own pages."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Worded:
    """Names fields as our own forms do; a name says enough without a placeholder."""

    labels: ClassVar[dict[str, Promise]] = {
        "login": _("User name or e-mail"),
        "username": _("User name"),
        "email": _("E-mail"),
        "oldpassword": _("Current password"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class NewPassword(Worded):
    labels: ClassVar[dict[str, Promise]] = {
        **Worded.labels,
        "password1": _("New password"),
        "password2": _("New password (again)"),
    }


class LoginForm(Worded, forms.LoginForm):
    pass


class SignupForm(Worded, forms.SignupForm):
    pass


class AddEmailForm(Worded, forms.AddEmailForm):
    pass


class ResetPasswordForm(Worded, forms.ResetPasswordForm):
    pass


class ChangePasswordForm(NewPassword, forms.ChangePasswordForm):
    pass


class ResetPasswordKeyForm(NewPassword, forms.ResetPasswordKeyForm):
    pass
