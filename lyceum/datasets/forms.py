"""What the pages of a dataset read from a request; the rules are the actions' own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lyceum.common.forms import TagsField
from lyceum.datasets.licences import licences
from lyceum.datasets.models import Dataset


class LicenceInput(forms.TextInput):
    """A line that offers the usual licences and takes any of the SPDX list."""

    template_name = "datasets/licence_input.html"

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        widget = context["widget"]
        widget["attrs"]["list"] = f"{widget['attrs'].get('id', name)}_offered"
        return {**context, "licences": licences()}


class AboutForm(forms.Form):
    """What a dataset says about itself."""

    name = forms.CharField(label=_("Name"), max_length=100)
    summary = forms.CharField(
        label=_("Summary"),
        max_length=300,
        required=False,
        help_text=_("One sentence; it stands in lists."),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("Markdown works here."),
    )
    licence = forms.CharField(
        label=_("Licence"),
        required=False,
        widget=LicenceInput(attrs={"maxlength": 60, "autocomplete": "off"}),
        help_text=_("Choose a usual one or type another SPDX identifier; empty: not stated."),
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=200,
        required=False,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=_("Where the data come from, if they are on the web."),
    )
    tags = TagsField(
        label=_("Tags"), required=False, help_text=_("Separate them with commas; 8 at most.")
    )
    visibility = forms.ChoiceField(
        label=_("Who can see it"),
        choices=[
            (Dataset.Visibility.PRIVATE, _("Only me")),
            (Dataset.Visibility.SHARED, _("Everybody")),
        ],
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
        initial=Dataset.Visibility.PRIVATE,
    )


class CommentForm(forms.Form):
    """A comment under a dataset."""

    text = forms.CharField(
        label=_("Your comment"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Markdown works here."),
    )


class DeleteForm(forms.Form):
    """The dataset's name, typed to be sure."""

    typed_name = forms.CharField(label=_("Dataset name"), max_length=200)
