"""Who may see and change a dataset; every other query starts here."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Forbidden, NotFound
from lyceum.datasets.models import Dataset, DatasetVersion, Favourite

Reader = User | AnonymousUser


def visible_datasets(user: Reader) -> QuerySet[Dataset]:
    """Datasets that ``user`` may see and use: official, shared, their own; none deleted."""
    shown = Q(is_official=True) | Q(visibility=Dataset.Visibility.SHARED)
    mine = Q(owner_id=user.pk) if user.is_authenticated else Q(pk__in=())
    return Dataset.objects.filter(shown | mine, deleted__isnull=True)


def get_dataset(user: Reader, dataset_id: int) -> Dataset:
    """The dataset, with its owner and ``is_favourite``; ``NotFound`` if not visible."""
    rows = with_favourites(user, visible_datasets(user)).select_related("owner")
    found = rows.filter(pk=dataset_id).first()
    if found is None:
        raise _no_such_dataset()
    return found


def owned_dataset(user: Reader, dataset_id: int) -> Dataset:
    """A dataset of ``user``'s; ``NotFound`` if not visible, ``Forbidden`` if another's."""
    dataset = get_dataset(user, dataset_id)
    if not user.is_authenticated or dataset.owner_id != user.pk:
        raise Forbidden("not_owner", _("Only the owner of this dataset can do that."))
    return dataset


def trashed_dataset(user: Reader, dataset_id: int) -> Dataset:
    """A dataset in ``user``'s trash; ``NotFound`` otherwise."""
    found = Dataset.objects.filter(pk=dataset_id, owner_id=user.pk, deleted__isnull=False).first()
    if found is None:
        raise _no_such_dataset()
    return found


def official_dataset(slug: str) -> Dataset | None:
    """The official dataset that ``examples/datasets/<slug>`` describes, once installed."""
    return Dataset.objects.filter(is_official=True, slug=slug).first()


def newest_version(dataset: Dataset) -> DatasetVersion | None:
    """The version a project gets when it takes the dataset now."""
    return dataset.versions.order_by("-number").first()


def get_version(dataset: Dataset, number: int) -> DatasetVersion:
    """A version by its number; raises ``NotFound``."""
    found = dataset.versions.filter(number=number).first()
    if found is None:
        raise NotFound("no_such_version", _("There is no such version."))
    return found


def with_favourites(user: Reader, rows: QuerySet[Dataset]) -> QuerySet[Dataset]:
    """``rows`` with ``is_favourite``: whether ``user`` has marked each."""
    marks = Favourite.objects.filter(dataset=OuterRef("pk"), user_id=user.pk)
    return rows.annotate(is_favourite=Exists(marks))


def _no_such_dataset() -> NotFound:
    return NotFound("no_such_dataset", _("There is no such dataset."))
