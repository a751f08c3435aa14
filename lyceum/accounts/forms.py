"""The forms of the pages of people."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lyceum.accounts.actions import TOKEN_DAYS
from lyceum.accounts.models import User
from lyceum.common.errors import DomainError


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("display_name", "bio")
        help_texts: ClassVar = {
            "display_name": _("What others read instead of your user name. May be empty."),
            "bio": _("A few words about you, at most 500 characters."),
        }
        widgets: ClassVar = {"bio": forms.Textarea(attrs={"rows": 4})}


class AvatarForm(forms.Form):
    avatar = forms.FileField(
        label=_("New picture"),
        help_text=_("JPEG, PNG, WebP or GIF, at most 5 MB; it is cut to a square."),
        widget=forms.FileInput(
            attrs={
                "accept": "image/jpeg,image/png,image/webp,image/gif",
                "data-preview": "#avatar-preview",
            }
        ),
    )


class AdministratorForm(forms.Form):
    """Name and password of the first administrator; ``password`` is typed twice."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        initial="admin",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label=_("Password (again)"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = password_validators_help_text_html()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("password") != cleaned.get("password_again"):
            self.add_error("password_again", _("The two passwords differ."))
        return cleaned


class AccessTokenForm(forms.Form):
    """A new access token; ``days`` is ``None`` for one that never expires."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("Where you will use it, for example “laptop”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        label=_("Good for"), coerce=int, empty_value=None, required=False, initial=TOKEN_DAYS[1]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lifetimes = [(days, _days(days)) for days in TOKEN_DAYS]
        self.fields["days"].choices = [*lifetimes, ("", _("until I revoke it"))]


def _days(days: int) -> str:
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def show_refusal(form: forms.BaseForm, refusal: DomainError) -> None:
    """Put an action's ``refusal`` beside the field it concerns, or above the form."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
