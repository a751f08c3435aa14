"""Tags in English; for the loader of the official content and for administrators."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from lyceum.common import tags
from lyceum.datasets.actions._fields import refresh_search
from lyceum.datasets.models import Tag


def translate_tags(english: Mapping[str, str]) -> None:
    """Give the tags that exist their English names, by name (see ``common.tags``)."""
    with transaction.atomic():
        for tag in tags.translate(Tag, english):
            _refresh(tag)


def refresh_tag(tag: Tag) -> None:
    """Have the datasets with ``tag``, whose names have changed, found by them; another
    tag of its English name becomes the same."""
    with transaction.atomic():
        tags.absorb_twins(tag, tag.name_en)
        _refresh(tag)


def _refresh(tag: Tag) -> None:
    for dataset in tag.works.all():
        refresh_search(dataset)
