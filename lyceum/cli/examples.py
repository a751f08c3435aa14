"""Reads ``examples/``: the official datasets and projects as they are shipped.

Each folder is one thing, its name the slug by which it is found again:

- ``datasets/<slug>/``: ``dataset.toml`` (the fields of ``datasets.actions.About``);
  every other file is the dataset's.
- ``projects/<slug>/``: ``project.toml`` (``environment``, ``name``, ``description``,
  both also with ``_en``, ``tags``, ``datasets`` by slug, ``order``, of a cluster
  project ``kind`` and ``main_file``), ``notebook.ipynb`` (not of a cluster project),
  ``cover.webp``, and ``files/``, copied into the work folder.

``tags.toml`` says the Chinese tags in English, once for all of them.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyceum.cli.tools import CHECKOUT

EXAMPLES = CHECKOUT / "examples"


@dataclass(frozen=True, slots=True)
class Source:
    """A folder under ``examples/projects`` as it was read."""

    folder: Path
    about: dict[str, Any]
    digest: str

    @property
    def slug(self) -> str:
        return self.folder.name

    @property
    def files(self) -> dict[str, bytes]:
        """What goes into the work folder besides the notebook, by path."""
        shipped = self.folder / "files"
        return {str(path.relative_to(shipped)): path.read_bytes() for path in files_below(shipped)}

    @property
    def notebook(self) -> bytes | None:
        """The notebook; a cluster project has none."""
        path = self.folder / "notebook.ipynb"
        return path.read_bytes() if path.exists() else None


def project_sources(examples: Path = EXAMPLES) -> list[Source]:
    """The shipped projects; those to be shown last come first, as newer ones are on top."""
    sources = [
        Source(
            folder=path.parent,
            about=tomllib.loads(path.read_text(encoding="utf-8")),
            digest=_digest(path.parent),
        )
        for path in examples.glob("projects/*/project.toml")
    ]
    return sorted(sources, key=lambda source: source.about["order"], reverse=True)


def english_tags(examples: Path = EXAMPLES) -> dict[str, str]:
    """The English name of each shipped tag that has a Chinese one."""
    return tomllib.loads((examples / "tags.toml").read_text(encoding="utf-8"))


def _digest(folder: Path) -> str:
    """Changes with any name or byte of any file below ``folder``."""
    seen = hashlib.sha256()
    for path in files_below(folder):
        seen.update(f"{path.relative_to(folder)}\0".encode())
        seen.update(hashlib.sha256(path.read_bytes()).digest())
    return seen.hexdigest()


def files_below(folder: Path) -> list[Path]:
    """Every file below ``folder``, in one order on every machine."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
