"""Reading datasets."""

from __future__ import annotations

from pathlib import Path

from lyceum.config import settings


def version_folder(dataset_id: int, number: int) -> Path:
    """The folder with the files of version ``number`` of a dataset, read-only.

    Mounted into notebooks at ``/home/aistudio/data/data<dataset id>/``. It is not
    there before the version's files are.
    """
    return settings().root / "datasets" / str(int(dataset_id)) / str(int(number))
