"""What is handed in: a file, a project's version, an online service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lyceum.accounts.models import User
from lyceum.competitions.actions.submitting import submit_code, submit_file, submit_service
from lyceum.competitions.models import Competition, Submission, SubmissionKind
from lyceum.projects.models import Project
from lyceum.serving.models import Service
from lyceum.serving.queries import owned_services

_LONGEST = Submission._meta.get_field("message").max_length
_MOST_CHOICES = 200


class _HandIn(forms.Form):
    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["message"] = forms.CharField(
            label=_("Message"),
            required=False,
            max_length=_LONGEST,
            help_text=_("For yourself and your team: what is different this time."),
        )


class FileForm(_HandIn):
    file = forms.FileField(
        label=_("File of predictions"),
        allow_empty_file=True,
        help_text=_("CSV, JSON, or a zip that holds one of them."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.json,.zip,.txt"}),
    )

    def hand_in(self, competition: Competition) -> Submission:
        file = self.cleaned_data["file"]
        return submit_file(
            self.user,
            competition.pk,
            file=file,
            name=file.name,
            message=self.cleaned_data["message"],
        )


class CodeForm(_HandIn):
    project = forms.ChoiceField(label=_("Project"))
    version = forms.IntegerField(
        label=_("Version"),
        required=False,
        min_value=1,
        help_text=_("Its number. Leave it empty to save the project's files as a version now."),
    )
    field_order = ("project", "version", "message")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        own = Project.objects.filter(owner=user, deleted__isnull=True).order_by("-updated")
        self.fields["project"].choices = [(each.pk, each.name) for each in own[:_MOST_CHOICES]]

    def hand_in(self, competition: Competition) -> Submission:
        return submit_code(
            self.user,
            competition.pk,
            project_id=int(self.cleaned_data["project"]),
            version=self.cleaned_data["version"],
            message=self.cleaned_data["message"],
        )


class ServiceForm(_HandIn):
    service = forms.ChoiceField(
        label=_("Online service"), help_text=_("Only services that run can be handed in.")
    )
    field_order = ("service", "message")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        running = owned_services(user).filter(
            stage=Service.Stage.ONLINE, state=Service.State.RUNNING
        )
        running = running.select_related("project").order_by("-pk")
        self.fields["service"].choices = [
            (each.pk, str(each.project)) for each in running[:_MOST_CHOICES]
        ]

    def hand_in(self, competition: Competition) -> Submission:
        return submit_service(
            self.user,
            competition.pk,
            service_id=int(self.cleaned_data["service"]),
            message=self.cleaned_data["message"],
        )


FORMS: dict[str, type[FileForm | CodeForm | ServiceForm]] = {
    SubmissionKind.FILE: FileForm,
    SubmissionKind.CODE: CodeForm,
    SubmissionKind.SERVICE: ServiceForm,
}
