"""Installs the official datasets and projects of ``examples/``.

Content that has changed since it was installed is brought up to date; a project
whose environment this machine can't have waits until it can.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from lyceum.accounts.models import User
from lyceum.accounts.system import official_owner
from lyceum.cli.examples import EXAMPLES, Source, english_tags, files_below, project_sources
from lyceum.common.errors import DomainError
from lyceum.config import settings
from lyceum.datasets import actions as datasets
from lyceum.datasets.queries import official_dataset
from lyceum.projects import actions as projects
from lyceum.projects import workfolder
from lyceum.projects.models import Project, Version
from lyceum.projects.queries import official_project

RECORD = "content.json"


def install_official_content(examples: Path = EXAMPLES) -> list[str]:
    """Bring the official content up to date; return the slugs that were touched."""
    owner = official_owner()
    for about in sorted(examples.glob("datasets/*/dataset.toml")):
        install_dataset(owner, about.parent)
    record = settings().root / RECORD
    installed = _read_record(record)
    touched = []
    for source in project_sources(examples):
        known = official_project(source.slug)
        if known is not None and installed.get(source.slug) == source.digest:
            continue
        if _install_project(owner, source, known):
            installed[source.slug] = source.digest
            touched.append(source.slug)
    english = english_tags(examples)
    datasets.translate_tags(english)
    projects.translate_tags(english)
    if touched:
        record.write_text(json.dumps(installed, indent=1))
    return touched


def install_dataset(owner: User, folder: Path) -> None:
    """Have the official dataset that ``folder`` describes."""
    about = tomllib.loads((folder / "dataset.toml").read_text(encoding="utf-8"))
    tags = about.pop("tags")
    files = {
        str(path.relative_to(folder)): path
        for path in files_below(folder)
        if path.name != "dataset.toml"
    }
    datasets.install_official(
        owner, slug=folder.name, about=datasets.About(**about), files=files, tags=tags
    )


def _install_project(owner: User, source: Source, known: Project | None) -> bool:
    """Create or update; ``False`` when this machine can't have its environment."""
    try:
        project = known or _create(owner, source)
    except DomainError as error:
        if error.code == "environment_unavailable":
            return False
        raise
    if known:
        _update(owner, source, project)
    projects.publish_official(
        project.pk,
        slug=source.slug,
        name_en=source.about["name_en"],
        description_en=source.about["description_en"],
    )
    cover = source.folder / "cover.webp"
    if cover.exists():
        with cover.open("rb") as image:
            projects.set_cover(owner, project.pk, image=image)
    return True


def _create(owner: User, source: Source) -> Project:
    about = source.about
    return projects.create_project(
        owner,
        name=about["name"],
        description=about["description"],
        environment=about["environment"],
        tags=about["tags"],
        dataset_ids=[_dataset_id(slug) for slug in about["datasets"]],
        notebook=source.notebook,
        files=source.files,
        **{name: about[name] for name in ("kind", "main_file") if name in about},
    )


def _update(owner: User, source: Source, project: Project) -> None:
    projects.edit_project(
        owner,
        project.pk,
        name=source.about["name"],
        description=source.about["description"],
        tags=source.about["tags"],
    )
    root = workfolder.home(project.pk)
    notebook = {f"{project.pk}.ipynb": source.notebook} if source.notebook else {}
    for path, data in {**source.files, **notebook}.items():
        workfolder.write_file(root, path, data)
    projects.save_version(owner, project.pk, cause=Version.Cause.AUTOMATIC)


def _dataset_id(slug: str) -> int:
    found = official_dataset(slug)
    if found is None:
        raise ValueError(f"no official dataset has the slug {slug!r}")
    return found.pk


def _read_record(path: Path) -> dict[str, str]:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
