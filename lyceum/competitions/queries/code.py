"""What of a project is run when its code is handed in."""

from __future__ import annotations

from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError, NotFound
from lyceum.projects import versions, workfolder
from lyceum.projects.models import Project, Version
from lyceum.projects.starter import notebook_name

_ENDS = (".py", ".ipynb")


def main_file(version: Version) -> str:
    """The path of the program or notebook of a project's version that is run.

    The project's main file; in a notebook project without one, the notebook it began with,
    or its only one outside any folder. Raises ``DomainError`` about ``project`` when there
    is none.
    """
    project = version.project
    path = project.main_file or _notebook(version)
    if not path:
        sentence = _("Choose the project's main file first: the one that is run.")
        raise DomainError("no_main_file", sentence, field="project")
    if not path.endswith(_ENDS) or not workfolder.is_text(path):
        sentence = _("The main file must be a Python program or a notebook.")
        raise DomainError("main_file_kind", sentence, field="project")
    try:
        versions.read_file(version.project_id, version.commit, path)
    except NotFound:
        sentence = _("The main file “%(path)s” is not in this version.")
        about = {"path": workfolder.shown(path)[:200]}
        raise DomainError("main_file_missing", sentence % about, field="project") from None
    return path


def _notebook(version: Version) -> str:
    if version.project.kind != Project.Kind.NOTEBOOK:
        return ""
    entries = versions.entries(version.project_id, version.commit)
    notebooks = [each.path for each in entries if each.path.endswith(".ipynb")]
    first = notebook_name(version.project_id)
    if first in notebooks:
        return first
    return notebooks[0] if len(notebooks) == 1 else ""
