"""The sandbox of a project's notebook: what is mounted, what may be used."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.conf import settings as django_settings

from lyceum import environments
from lyceum.config import settings
from lyceum.engine.workload import Forward, Limits, Mount, Workload
from lyceum.limits import limit
from lyceum.notebook_extension import launch
from lyceum.notebooks import jupyterconfig, livedata, tokens, workfiles
from lyceum.notebooks.actions import spawning_server
from lyceum.notebooks.models import NotebookServer
from lyceum.notebooks.workfiles import HOME
from lyceum.projects import workfolder
from lyceum.projects.models import Project

CONFIG = PurePosixPath("/opt/lyceum/jupyter")
PORTAL_PORT = 18080
"""Where the portal is on the sandbox's own loopback."""

LABEL = "notebook"
_MEGABYTE = 1024 * 1024


def notebook_workload(user_id: int, project_id: int) -> Workload:
    """The sandbox for a project that its learner has just started.

    ``argv`` is empty: the hub's spawner puts the notebook server into it, with
    the variables that JupyterHub needs. Makes sure that the files the server
    opens are there. Raises ``NotFound`` and ``Forbidden``
    (:func:`lyceum.notebooks.actions.spawning_server`).
    """
    server = spawning_server(user_id=user_id, project_id=project_id)
    project = server.project
    home = workfolder.create(project.pk)
    datasets = livedata.dataset_folders(project)
    workfiles.ensure_mount_points(home, dataset_ids=datasets)
    workfiles.ensure_notebook(home, project_id=project.pk, environment=project.environment)
    language = server.user.language or django_settings.LANGUAGE_CODE
    return Workload(
        argv=(),
        name=f"notebook {project.pk}",
        cwd=HOME,
        env=_variables(server, language),
        mounts=(
            Mount(home, HOME, writable=True),
            *(
                Mount(folder, workfiles.dataset_place(dataset))
                for dataset, folder in datasets.items()
            ),
            *_environment_mounts(project.environment),
            Mount(jupyterconfig.folder(project.environment), CONFIG),
            Mount(launch.source(), launch.PACKAGE),
        ),
        limits=_limits(project),
        network="open",
        forwards=(Forward(PORTAL_PORT, f"127.0.0.1:{settings().portal_port}"),),
        hostname=f"project-{project.pk}",
        labels={"kind": LABEL, "user": str(user_id), "project": str(project_id)},
    )


def _environment_mounts(environment: str) -> tuple[Mount, ...]:
    """Both environments; a base interpreter that they share is mounted once."""
    wanted = environments.mounts(environments.SERVER) + environments.mounts(environment)
    return tuple(dict.fromkeys(wanted))


def _variables(server: NotebookServer, language: str) -> dict[str, str]:
    environment = server.project.environment
    extension = launch.environment(language)
    return {
        **environments.kernel_environment(environment),
        **extension,
        "HOME": str(HOME),
        "USER": "aistudio",
        "SHELL": "/bin/bash",
        "TERM": "xterm-256color",
        "JUPYTER_CONFIG_PATH": f"{CONFIG}:{extension['JUPYTER_CONFIG_PATH']}",
        "JUPYTER_PATH": str(environments.jupyter_path(environment)),
        # What a forked project brings in ~/.jupyter must not configure the server.
        "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
        "LYCEUM_API_URL": f"http://127.0.0.1:{PORTAL_PORT}",
        "LYCEUM_PORTAL_URL": settings().portal_url,
        "LYCEUM_PROJECT_ID": str(server.project_id),
        "LYCEUM_PROJECT_TOKEN": tokens.derive(server),
        "LYCEUM_LANGUAGE": language,
    }


def _limits(project: Project) -> Limits:
    return Limits(
        cpus=limit("notebook_cpus"),
        memory_bytes=limit("notebook_memory_mb") * _MEGABYTE,
        processes=limit("notebook_processes"),
        disk_bytes=limit("notebook_disk_mb") * _MEGABYTE,
        gpus=1 if project.resource == "gpu" else 0,
    )
