"""How much a user may keep in datasets, and how much of that is used."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from lyceum.accounts.models import User
from lyceum.datasets.models import DatasetFile, Upload
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
    contents = (
        DatasetFile.objects.filter(version__dataset__owner=user)
        .values("sha256", "size")
        .distinct()
    )
    kept = sum(content["size"] for content in contents.iterator())
    coming = Upload.objects.filter(draft__user=user).aggregate(sum=Sum("size"))["sum"] or 0
    return Quota(used=kept + coming, most=limit("dataset_quota_mb") * _MEGABYTE)


def bytes_left(user: User) -> int:
    """How many bytes ``user`` may still bring."""
    return quota(user).left
