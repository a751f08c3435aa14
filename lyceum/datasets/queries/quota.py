"""How much a user may keep in datasets, and how much of that is used."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from lyceum.accounts.models import User
from lyceum.datasets.models import DatasetFile, DatasetVersion, Upload
from lyceum.limits import limit

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Quota:
    """Bytes: what a user's datasets and unfinished uploads take, and may take."""

    used: int
    most: int

    @property
    def left(self) -> int:
        return max(0, self.most - self.used)

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.used / self.most)) if self.most else 100


def quota(user: User) -> Quota:
    """``user``'s quota. A content counts once however many versions have it; what is in
    the trash counts until it is removed; uploads count with the size they promised."""
    files = DatasetFile.objects.filter(version__dataset__owner=user)
    contents = files.values("sha256", "size").distinct()
    kept = contents.aggregate(sum=Sum("size"))["sum"] or 0
    return Quota(used=kept + _coming(user), most=_most())


def bytes_left(user: User) -> int:
    """How many bytes ``user`` may still bring."""
    return quota(user).left


def bytes_left_at_least(user: User, enough: int) -> int:
    """As ``bytes_left``, or fewer if these are still ``enough``: the sum of all versions
    is a few rows, while to count each content once takes reading every file's."""
    versions = DatasetVersion.objects.filter(dataset__owner=user)
    left = _most() - _coming(user) - (versions.aggregate(sum=Sum("size"))["sum"] or 0)
    return left if left >= enough else bytes_left(user)


def _coming(user: User) -> int:
    return Upload.objects.filter(draft__user=user).aggregate(sum=Sum("size"))["sum"] or 0


def _most() -> int:
    return limit("dataset_quota_mb") * _MEGABYTE
