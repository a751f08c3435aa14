"""What belongs to a dataset or a person: versions, comments, tags, trash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import (
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from lyceum.accounts.models import User
from lyceum.common.paging import Page, page_of
from lyceum.common.tags import called
from lyceum.datasets.models import Comment, Dataset, DatasetFile, DatasetVersion, Tag
from lyceum.datasets.queries.access import Reader, visible_datasets
from lyceum.datasets.queries.hall import Tab, datasets_in
from lyceum.limits import limit

COMMENTS_SHOWN = 20
VERSIONS_SHOWN = 20
_TAGS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Changes:
    """How many files a version has more, fewer and with another content than the one
    before it; of the first version, all are new."""

    added: int
    removed: int
    changed: int


def versions_of(dataset: Dataset) -> list[DatasetVersion]:
    """All versions, newest first."""
    return list(dataset.versions.order_by("-number"))


def versions_page(
    dataset: Dataset, *, cursor: str | None = None, size: int = VERSIONS_SHOWN
) -> Page[DatasetVersion]:
    """Versions, newest first, each with its ``changes``."""
    page = page_of(dataset.versions.all(), order=("number",), cursor=cursor, size=size)
    found = _changes(page.items)
    for version in page.items:
        version.changes = found[version.pk]
    return page


def changes(version: DatasetVersion) -> Changes:
    """What changed in ``version`` against the one before it."""
    return _changes([version])[version.pk]


def comments_page(
    dataset: Dataset, *, cursor: str | None = None, size: int = COMMENTS_SHOWN
) -> Page[Comment]:
    """Comments, newest first, with their authors."""
    rows = dataset.comments.select_related("author")
    return page_of(rows, order=("id",), cursor=cursor, size=size)


def popular_tags(user: Reader, tab: Tab | None = None) -> list[Tag]:
    """The tags that most datasets ``user`` sees (in ``tab``) have, the commonest first."""
    seen = visible_datasets(user) if tab is None else datasets_in(user, tab)
    seen = seen.filter(file_count__gt=0)
    counted = Tag.objects.filter(datasets__in=seen).annotate(count=Count("datasets"))
    return list(counted.order_by("-count", "name")[:_TAGS_SHOWN])


def tag_called(word: str) -> Tag:
    """The tag of this name in either language; one that is not stored if there is none."""
    return Tag.objects.filter(called(word)).order_by("pk").first() or Tag(name=word)


def datasets_of(person: User, user: Reader, *, size: int = 12) -> list[Dataset]:
    """``person``'s newest datasets that ``user`` may see, with owners and tags."""
    rows = visible_datasets(user).filter(owner=person, file_count__gt=0)
    rows = rows.select_related("owner").prefetch_related("tags")
    return list(rows.defer("description", "description_en", "search_text").order_by("-id")[:size])


def trash_of(user: User) -> QuerySet[Dataset]:
    """The datasets in ``user``'s trash, last deleted first, each with ``gone``: when it
    is removed for good."""
    days = timedelta(days=limit("trash_days"))
    gone = ExpressionWrapper(F("deleted") + days, output_field=DateTimeField())
    rows = Dataset.objects.filter(owner=user, deleted__isnull=False)
    return rows.annotate(gone=gone).order_by("-deleted")


def _changes(versions: Sequence[DatasetVersion]) -> dict[int, Changes]:
    """By version id; two queries for any number of versions, all of one dataset."""
    if not versions:
        return {}
    before = DatasetVersion.objects.filter(
        dataset_id=versions[0].dataset_id, number__in=[each.number - 1 for each in versions]
    )
    counts_before = dict(before.values_list("number", "file_count"))
    earlier = DatasetFile.objects.filter(
        version__dataset_id=OuterRef("version__dataset_id"),
        version__number=OuterRef("version__number") - 1,
        path=OuterRef("path"),
    )
    rows = (
        DatasetFile.objects.filter(version__in=versions)
        .annotate(before=Subquery(earlier.values("sha256")[:1]))
        .values("version_id")
        .annotate(kept=Count("before"), same=Count("pk", filter=Q(before=F("sha256"))))
    )
    found = {row["version_id"]: (row["kept"], row["same"]) for row in rows}
    result = {}
    for each in versions:
        kept, same = found.get(each.pk, (0, 0))
        result[each.pk] = Changes(
            added=each.file_count - kept,
            removed=counts_before.get(each.number - 1, 0) - kept,
            changed=kept - same,
        )
    return result
