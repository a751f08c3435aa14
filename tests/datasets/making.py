"""Datasets and readers for the tests of their pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.test import Client
from django.urls import reverse

from lyceum.accounts.models import User
from lyceum.datasets import actions, storage
from lyceum.datasets.models import Dataset

HTMX = {"hx-request": "true"}


def make_dataset(
    owner: User,
    *,
    name: str = "Weather",
    files: Mapping[str, str] | None = None,
    tags: tuple[str, ...] = (),
    visibility: str = Dataset.Visibility.SHARED,
    **fields: object,
) -> Dataset:
    """A dataset with one version that holds ``files`` (path → text)."""
    dataset = Dataset.objects.create(owner=owner, visibility=visibility, name=name, **fields)
    add_version(dataset, files or {"a.csv": "x,y\n1,2\n"})
    return actions.edit_dataset(owner, dataset.pk, tags=tags)


def add_version(dataset: Dataset, files: Mapping[str, str], note: str = "") -> None:
    """Give the dataset a version with ``files`` (path → text)."""
    folder = storage.dataset_folder(dataset.pk).parent / "sources"
    folder.mkdir(parents=True, exist_ok=True)
    sources: dict[str, Path] = {}
    for path, text in files.items():
        sources[path] = folder / f"{len(sources)}"
        sources[path].write_text(text)
    actions.add_files_version(dataset, files=sources, note=note)


def reader(user: User | None = None, *, language: str = "en") -> Client:
    """A browser that prefers ``language``, signed in as ``user``."""
    client = Client(headers={"accept-language": language})
    if user:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def address(name: str, *args: object) -> str:
    return reverse(f"datasets:{name}", args=args)


def text(response) -> str:
    return response.content.decode()
