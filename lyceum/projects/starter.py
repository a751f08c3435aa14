"""What a new project's work folder holds."""

from __future__ import annotations

import nbformat
from django.utils.translation import gettext as _
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lyceum.environments import Environment
from lyceum.projects.models import Project


def notebook_name(project_id: int) -> str:
    """The project's notebook, by the guide's URL rule (``…/notebooks/33852.ipynb``)."""
    return f"{project_id}.ipynb"


def starter_files(
    project: Project, environment: Environment, notebook: bytes | None
) -> dict[str, bytes]:
    """The first files by path: the notebook (``notebook``, or an empty one).

    A cluster project starts without files; its editor makes them.
    """
    if project.kind == Project.Kind.CLUSTER and notebook is None:
        return {}
    return {notebook_name(project.pk): notebook or _empty_notebook(project, environment)}


def _empty_notebook(project: Project, environment: Environment) -> bytes:
    cells = [
        new_markdown_cell(f"# {project.name}"),
        new_code_cell(
            "# " + _("Datasets of this project are mounted here, read-only:") + "\n!ls data"
        ),
        new_code_cell(),
    ]
    kernel = {
        "name": environment.kernel_name,
        "display_name": environment.kernel_label,
        "language": "python",
    }
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return nbformat.writes(new_notebook(cells=cells, metadata=metadata)).encode()
