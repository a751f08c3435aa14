"""Cleaning what people say about a dataset; shared by the actions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError
from lyceum.common.search import searchable
from lyceum.common.tags import tags_called
from lyceum.common.text import clean_line, clean_text
from lyceum.datasets.licences import clean_licence
from lyceum.datasets.models import Dataset, Tag

MOST_TAGS = 8
LONGEST_DESCRIPTION = 50_000

_is_url = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True, slots=True)
class About:
    """What a dataset says of itself; descriptions are Markdown, ``licence`` is SPDX's.

    Shipped datasets say it in Chinese and, with ``_en``, in English.
    """

    name: str
    summary: str = ""
    description: str = ""
    licence: str = ""
    source: str = ""
    name_en: str = ""
    summary_en: str = ""
    description_en: str = ""


def clean_about(about: About) -> dict[str, str]:
    """The fields of ``about`` as they are stored; ``DomainError`` about the wrong one."""
    long = LONGEST_DESCRIPTION
    return {
        "name": clean_line(about.name, field="name", longest=100, required=True),
        "name_en": clean_line(about.name_en, field="name_en", longest=100),
        "summary": clean_line(about.summary, field="summary", longest=300),
        "summary_en": clean_line(about.summary_en, field="summary_en", longest=300),
        "description": clean_text(about.description, field="description", longest=long),
        "description_en": clean_text(about.description_en, field="description_en", longest=long),
        "licence": clean_licence(about.licence),
        "source": clean_source(about.source),
    }


def clean_source(source: str) -> str:
    """A web address, or nothing."""
    source = clean_line(source, field="source", longest=200)
    if source:
        try:
            _is_url(source)
        except ValidationError:
            raise DomainError(
                "no_address",
                _("This is no web address; it begins with http:// or https://."),
                field="source",
            ) from None
    return source


def clean_tags(names: Iterable[str]) -> list[str]:
    """Tag names in lower case, each once, in their order."""
    cleaned = (clean_line(name, field="tags", longest=30).lower() for name in names)
    tags = list(dict.fromkeys(name for name in cleaned if name))
    if len(tags) > MOST_TAGS:
        sentence = _("A dataset has at most %(count)d tags.") % {"count": MOST_TAGS}
        raise DomainError("too_many_tags", sentence, field="tags")
    return tags


def clean_visibility(visibility: str) -> str:
    if visibility not in Dataset.Visibility.values:
        raise DomainError(
            "no_such_visibility", _("A dataset is private or shared."), field="visibility"
        )
    return visibility


def clean_note(note: str) -> str:
    return clean_line(note, field="note", longest=200)


def store_tags(dataset: Dataset, names: list[str]) -> None:
    """Make ``names`` the dataset's tags; within a transaction."""
    dataset.tags.set(tags_called(Tag, names))


def refresh_search(dataset: Dataset) -> None:
    """Bring the text the dataset is found by up to date; within a transaction."""
    tags = chain.from_iterable(dataset.tags.values_list("name", "name_en"))
    dataset.search_text = searchable(
        (dataset.name, dataset.name_en, *tags, dataset.summary, dataset.summary_en,
         dataset.description, dataset.description_en)
    )  # fmt: skip
    dataset.save(update_fields=["search_text", "updated"])
