"""Tags, which projects and datasets have alike: one word in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

T = TypeVar("T", bound="AbstractTag")


class AbstractTag(models.Model):
    """A word that groups works, in lower case; ``name_en`` is the same word in English,
    where ``name`` is not English itself."""

    name = models.CharField(_("name"), max_length=30, unique=True)
    name_en = models.CharField(_("name in English"), max_length=30, blank=True)

    class Meta:
        abstract = True
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [
            models.UniqueConstraint(
                fields=["name_en"],
                condition=~Q(name_en=""),
                name="%(app_label)s_one_tag_an_english_name",
                violation_error_message=_("Another tag has this English name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Forms store tags in lower case too."""
        self.name, self.name_en = self.name.lower(), self.name_en.lower()

    @property
    def works(self) -> Any:
        """The manager of what has the tag."""
        raise NotImplementedError

    @property
    def shown_name(self) -> str:
        """The name in the reader's language."""
        return (self.name_en if (get_language() or "").startswith("en") else "") or self.name


def called(word: str) -> Q:
    """The condition that a tag is called ``word`` in either language."""
    return Q(name=word) | Q(name_en=word)


def tags_called(kind: type[T], words: Iterable[str]) -> list[T]:
    """The tags of these names, Chinese or English, each once; new ones are made."""
    words = list(words)
    known = kind.objects.filter(Q(name__in=words) | Q(name_en__in=words))
    found = {tag.name_en: tag for tag in known} | {tag.name: tag for tag in known}
    tags = [found.get(word) or kind.objects.get_or_create(name=word)[0] for word in words]
    return list(dict.fromkeys(tags))


def names_both(tags: Iterable[AbstractTag]) -> dict[str, str]:
    """The English name by name, in the order of names; empty where there is none."""
    return dict(sorted((tag.name, tag.name_en) for tag in tags))


def translate(kind: type[T], english: Mapping[str, str]) -> list[T]:
    """Give the tags that exist their English names (by name); return those that changed.

    A tag that was the English word until now becomes the same tag: what had it has
    the translated one. Within a transaction.
    """
    changed = []
    for tag in kind.objects.select_for_update().filter(name__in=english).order_by("name"):
        if absorb_twins(tag, english[tag.name]) or tag.name_en != english[tag.name]:
            tag.name_en = english[tag.name]
            tag.save(update_fields=["name_en"])
            changed.append(tag)
    return changed


def absorb_twins(tag: AbstractTag, english: str) -> bool:
    """Give ``tag`` to whatever has another tag called ``english``, and remove that one."""
    rows = type(tag).objects.filter(called(english)).exclude(pk=tag.pk)
    twins = list(rows) if english else []
    for twin in twins:
        tag.works.add(*twin.works.all())
        twin.delete()
    return bool(twins)
