"""What belongs to a dataset or a person: versions, comments, tags, trash."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from lyceum.accounts.models import User
from lyceum.common.paging import Page, page_of
from lyceum.datasets.models import Comment, Dataset, DatasetVersion, Tag
from lyceum.datasets.queries.access import Reader, visible_datasets

COMMENTS_SHOWN = 20
_TAGS_SHOWN = 20


def versions_of(dataset: Dataset) -> list[DatasetVersion]:
    """All versions, newest first."""
    return list(dataset.versions.order_by("-number"))


def comments_page(
    dataset: Dataset, *, cursor: str | None = None, size: int = COMMENTS_SHOWN
) -> Page[Comment]:
    """Comments, newest first, with their authors."""
    rows = dataset.comments.select_related("author")
    return page_of(rows, order=("id",), cursor=cursor, size=size)


def popular_tags(user: Reader) -> list[str]:
    """The tags that most datasets ``user`` sees have, the commonest first."""
    seen = visible_datasets(user).filter(file_count__gt=0)
    counted = Tag.objects.filter(datasets__in=seen).annotate(count=Count("datasets"))
    return list(counted.order_by("-count", "name").values_list("name", flat=True)[:_TAGS_SHOWN])


def trash_of(user: User) -> QuerySet[Dataset]:
    """The datasets in ``user``'s trash, last deleted first."""
    return Dataset.objects.filter(owner=user, deleted__isnull=False).order_by("-deleted")
