"""Runs official notebooks and keeps what they print, so that their pages show it.

``python -m examples.projects.refresh [SLUG …]`` from the repository's root, after
changing a notebook or the environment it runs in.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat

from lyceum.cli.examples import Source, project_sources
from tests.support.notebooks import execute


def main(slugs: list[str]) -> None:
    for source in project_sources():
        if source.notebook and (not slugs or source.slug in slugs):
            print(source.slug, flush=True)
            with tempfile.TemporaryDirectory(prefix="lyceum-refresh-") as home:
                refresh(source, Path(home))


def refresh(source: Source, home: Path) -> None:
    """Replace the outputs in ``notebook.ipynb``; times of running are left out."""
    done = execute(source, home)
    for cell in done.cells:
        cell.metadata.pop("execution", None)
    text = nbformat.writes(done).replace(str(home), "/home/aistudio")
    (source.folder / "notebook.ipynb").write_text(text.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
