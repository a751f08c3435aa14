"""What the pages read from a request; the rules are the actions' own."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lyceum.common.forms import TagsField
from lyceum.projects.models import Project


class DatasetIdsField(forms.TypedMultipleChoiceField):
    """Ids of datasets; whether they may be used is the action's to say."""

    def __init__(self, **options):
        super().__init__(coerce=int, **options)

    def valid_value(self, value: str) -> bool:
        return str(value).isdecimal() and len(str(value)) < 19


class AboutForm(forms.Form):
    """What a project says about itself."""

    name = forms.CharField(label=_("Project name"), max_length=100)
    description = forms.CharField(
        label=_("Project description"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Markdown works here."),
    )
    tags = TagsField(
        label=_("Tags"), required=False, help_text=_("Separate them with commas; 8 at most.")
    )
    visibility = forms.ChoiceField(
        label=_("Who can see it"),
        choices=[
            (Project.Visibility.PRIVATE, _("Only me")),
            (Project.Visibility.SHARED, _("Everybody")),
        ],
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
        initial=Project.Visibility.PRIVATE,
    )


class CreateForm(AboutForm):
    """The create dialog (guide, 创建项目)."""

    kind = forms.ChoiceField(
        choices=Project.Kind.choices, widget=forms.RadioSelect, initial=Project.Kind.NOTEBOOK
    )
    environment = forms.CharField(max_length=40)
    resource = forms.CharField(max_length=40, initial="cpu")
    datasets = DatasetIdsField(required=False)


class NoteForm(forms.Form):
    """A note for a version."""

    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_("What is in this version, in a few words."),
    )


class DeleteForm(forms.Form):
    """The project's name, typed to be sure."""

    typed_name = forms.CharField(label=_("Project name"), max_length=200)
