"""What a new project's work folder holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nbformat
from django.utils.translation import gettext as _
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lyceum.environments import Environment
from lyceum.projects.models import Project

MAIN_FILE = "train.py"
"""The main file of a new cluster project."""

_SAMPLES = Path(__file__).parent / "samples"


def notebook_name(project_id: int) -> str:
    """The project's notebook, by the guide's URL rule (``…/notebooks/33852.ipynb``)."""
    return f"{project_id}.ipynb"


def starter_files(
    project: Project,
    environment: Environment,
    notebook: bytes | None,
    files: Mapping[str, bytes],
) -> dict[str, bytes]:
    """The first files by path: ``files`` and the notebook (``notebook``, or an empty one).

    A cluster project has no notebook unless given one, and without ``files`` sample code,
    which trains with as many trainers, and on Fluid parameter servers, as its task has
    (guide, 页面概览: 初始化状态为集群项目示例代码).
    """
    if project.kind == Project.Kind.CLUSTER:
        first = dict(files) or _sample(environment)
        return first | ({notebook_name(project.pk): notebook} if notebook else {})
    return {notebook_name(project.pk): notebook or _empty_notebook(project, environment), **files}


def _sample(environment: Environment) -> dict[str, bytes]:
    return {MAIN_FILE: (_SAMPLES / environment.framework / MAIN_FILE).read_bytes()}


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
