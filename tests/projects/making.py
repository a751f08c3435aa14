"""Projects for the tests of projects."""

from __future__ import annotations

from lyceum.accounts.models import User
from lyceum.datasets.models import Dataset, DatasetVersion
from lyceum.projects.actions import create_project
from lyceum.projects.models import Project

ENVIRONMENT = "sklearn-py311"


def make_user(name: str) -> User:
    return User.objects.create_user(name, password="correct horse")


def make_project(user: User, *, name: str = "House prices", **fields) -> Project:
    return create_project(user, **{"name": name, "environment": ENVIRONMENT, **fields})


def make_dataset(user: User, *, name: str = "Housing", visibility: str = "shared") -> Dataset:
    """A dataset with one version (without files on disk, which no test here reads)."""
    dataset = Dataset.objects.create(owner=user, name=name, visibility=visibility, file_count=1)
    DatasetVersion.objects.create(dataset=dataset, number=1)
    return dataset
