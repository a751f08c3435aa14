"""What the pages of a draft read from a request; the rules are the actions' own."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class VersionForm(forms.Form):
    """What the next version is about."""

    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_("What has changed, in a few words."),
    )
