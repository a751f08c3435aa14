"""Cleaning what people type about a project; shared by the actions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from django.utils.translation import gettext as _

from lyceum import environments
from lyceum.common.errors import Conflict, DomainError
from lyceum.common.tags import tags_called
from lyceum.common.text import clean_line, clean_text
from lyceum.environments import Environment
from lyceum.projects.models import Project, Tag
from lyceum.projects.resources import resource
from lyceum.projects.search import searchable

MOST_TAGS = 8


def clean_name(name: str) -> str:
    return clean_line(name, field="name", longest=100, required=True)


def clean_description(description: str) -> str:
    return clean_text(description, field="description", longest=5000)


def clean_note(note: str) -> str:
    return clean_line(note, field="note", longest=200)


def clean_tags(names: Iterable[str]) -> list[str]:
    """Tag names in lower case, each once, in their order."""
    cleaned = (clean_line(name, field="tags", longest=30).lower() for name in names)
    tags = list(dict.fromkeys(name for name in cleaned if name))
    if len(tags) > MOST_TAGS:
        sentence = _("A project has at most %(count)d tags.") % {"count": MOST_TAGS}
        raise DomainError("too_many_tags", sentence, field="tags")
    return tags


def clean_environment(name: str) -> Environment:
    """A known environment that this machine can have."""
    found = next((each for each in environments.definitions() if each.name == name), None)
    if found is None:
        raise DomainError(
            "no_such_environment", _("There is no such environment."), field="environment"
        )
    if not environments.availability(name).available:
        raise Conflict(
            "environment_unavailable",
            _("This environment is not available on this machine."),
            field="environment",
        )
    return found


def clean_resource(name: str, kind: str) -> str:
    """A resource this machine has and that this kind of project can use."""
    found = resource(name)
    if found is None or not found.available or kind not in found.kinds:
        raise DomainError(
            "no_such_resource", _("This resource is not available."), field="resource"
        )
    return found.name


def store_tags(project: Project, names: list[str]) -> None:
    """Make ``names`` the project's tags, and the text it is found by current."""
    project.tags.set(tags_called(Tag, names))
    refresh_search(project)


def refresh_search(project: Project) -> None:
    """Bring the text the project is found by up to date; within a transaction."""
    tags = chain.from_iterable(project.tags.values_list("name", "name_en"))
    project.search_text = searchable(project, tags)
    project.save(update_fields=["search_text", "updated"])


def clean_visibility(visibility: str) -> str:
    if visibility not in Project.Visibility.values:
        raise DomainError(
            "no_such_visibility", _("A project is private or shared."), field="visibility"
        )
    return visibility
