"""What has to be in a work folder for its notebook server.

The folder is the learner's: a link in the way is never followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

import nbformat
from nbformat.v4 import new_notebook

from lyceum import environments

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

HOME = PurePosixPath("/home/aistudio")
"""Where a work folder is in its sandbox."""

_DATA = "data"


def dataset_place(dataset_id: int) -> PurePosixPath:
    """Where a dataset's files are in the sandbox (guide, 添加数据集)."""
    return HOME / _DATA / f"data{dataset_id}"


def ensure_notebook(home: Path, *, project_id: int, environment: str) -> None:
    """Write an empty ``<project id>.ipynb`` unless something has that name."""
    folder = os.open(home, _FOLDER)
    try:
        with suppress(FileExistsError):
            file = os.open(f"{project_id}.ipynb", _NEW_FILE, 0o644, dir_fd=folder)
            with os.fdopen(file, "wb") as notebook:
                notebook.write(_empty_notebook(environment))
    finally:
        os.close(folder)


def ensure_mount_points(home: Path, *, dataset_ids: Iterable[int]) -> None:
    """Have a real folder ``data/data<ID>`` for each dataset to be mounted on.

    A file or link of the learner's in the way is kept under another name.
    """
    folder = os.open(home, _FOLDER)
    try:
        data = _folder(folder, _DATA)
        try:
            for dataset_id in dataset_ids:
                os.close(_folder(data, f"data{dataset_id}"))
        finally:
            os.close(data)
    finally:
        os.close(folder)


def remove_mount_point(home: Path, *, dataset_id: int) -> None:
    """Remove the folder that a dataset was mounted on; one that is not empty stays."""
    with suppress(OSError):
        folder = os.open(home, _FOLDER)
        try:
            data = os.open(_DATA, _FOLDER, dir_fd=folder)
            try:
                os.rmdir(f"data{dataset_id}", dir_fd=data)
            finally:
                os.close(data)
        finally:
            os.close(folder)


def _folder(parent: int, name: str) -> int:
    """Open the folder ``name``, made if needed, after moving aside what is none."""
    try:
        mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    except FileNotFoundError:
        os.mkdir(name, 0o755, dir_fd=parent)
    else:
        if not stat.S_ISDIR(mode):
            os.rename(name, _free_name(parent, name), src_dir_fd=parent, dst_dir_fd=parent)
            os.mkdir(name, 0o755, dir_fd=parent)
    return os.open(name, _FOLDER, dir_fd=parent)


def _free_name(parent: int, name: str) -> str:
    taken = set(os.listdir(parent))
    number = 1
    while f"{name}.moved-{number}" in taken:
        number += 1
    return f"{name}.moved-{number}"


def _empty_notebook(environment: str) -> bytes:
    kernel = environments.get(environment)
    metadata = {
        "kernelspec": {
            "name": kernel.kernel_name,
            "display_name": kernel.kernel_label,
            "language": "python",
        },
        "language_info": {"name": "python"},
    }
    return nbformat.writes(new_notebook(metadata=metadata)).encode()
