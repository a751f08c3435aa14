"""Notebooks of saved versions as read-only HTML, rendered once for each commit."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from filelock import FileLock, Timeout

from lyceum.common.errors import DomainError, Unavailable
from lyceum.projects import versions, workfolder
from lyceum.projects.models import Project, Version
from lyceum.projects.starter import notebook_name

# Changes when the same notebook would give other HTML: older files are not used.
_REVISION = 1
_CPU_SECONDS = 20
_WALL_SECONDS = 60
_KEPT = 40


def shown_notebook(project: Project, version: Version) -> str | None:
    """The path of the notebook a version shows: the project's own, else the first."""
    names = [
        entry.path
        for entry in versions.entries(project.pk, version.commit)
        if entry.kind == "file" and entry.name.endswith(".ipynb")
    ]
    own = notebook_name(project.pk)
    return own if own in names else next(iter(names), None)


def notebook_html(project_id: int, version: Version, path: str) -> str:
    """The notebook at ``path`` as a harmless HTML fragment, from the store or made now.

    Raises ``DomainError`` when it can't be shown (no notebook, too large) and
    ``Unavailable`` when others are being rendered for too long.
    """
    versions.read_file(project_id, version.commit, path)
    folder = workfolder.project_folder(project_id) / "rendered"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / _file_name(version, path)
    if not kept.exists():
        try:
            with FileLock(folder / "lock", timeout=_WALL_SECONDS):
                if not kept.exists():
                    _keep(kept, _render(project_id, version.commit, path))
        except Timeout:
            raise _busy() from None
    html = kept.read_text(encoding="utf-8")
    if not html:
        raise DomainError(
            "cannot_show",
            _("This notebook can't be shown here: it is damaged or too large. Download it."),
        )
    return html


def _render(project_id: int, commit: str, path: str) -> str:
    """The worker's answer; empty when it failed, which is kept like any answer.

    A process that got too little of the machine in ``_WALL_SECONDS`` says nothing
    about the notebook: that is ``Unavailable`` and not kept.
    """
    job = {
        "repository": str(workfolder.project_folder(project_id) / "versions.git"),
        "commit": commit,
        "path": path,
        "cpu_seconds": _CPU_SECONDS,
        "cut": _("Cut here: too long to show. Download the notebook to see all of it."),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lyceum.common.notebook_html"],
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=_WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _busy() from None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _file_name(version: Version, path: str) -> str:
    where = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{version.commit}-{where}-{get_language()}-{_REVISION}.html"


def _keep(path: Path, html: str) -> None:
    fresh = path.with_name(f"{secrets.token_hex(8)}.new")
    fresh.write_text(html, encoding="utf-8")
    os.replace(fresh, path)
    by_age = sorted(path.parent.glob("*.html"), key=lambda each: each.stat().st_mtime)
    for old in by_age[:-_KEPT]:
        old.unlink(missing_ok=True)


def _busy() -> Unavailable:
    return Unavailable("busy", _("The notebook is still being rendered."))
