"""A project's datasets in its notebook: which it gets, and changing them while it runs.

A running sandbox is brought in line with the database (`refresh`) and never the other
way round, so what a crash or an engine without live mounts left undone shows as a
difference (`awaiting_restart`), which the next start ends.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from filelock import FileLock, Timeout

from lyceum.datasets.queries import version_folder
from lyceum.engine import local_engine
from lyceum.engine.base import EngineError
from lyceum.notebooks import workfiles
from lyceum.notebooks.models import NotebookServer
from lyceum.projects import workfolder
from lyceum.projects.dataset_access import usable_ids
from lyceum.projects.models import Project
from lyceum.projects.queries import dataset_links

log = logging.getLogger(__name__)

_FOLDER = re.compile(r"data(\d+)")
_PATIENCE_SECONDS = 60


def dataset_folders(project: Project) -> dict[int, Path]:
    """The folders that a start of the project mounts, by dataset id.

    Only of datasets that its owner may still see; one whose files are gone is left out.
    """
    links = dataset_links(project)
    usable = usable_ids(project.owner, [link.dataset_id for link in links])
    folders = {
        link.dataset_id: version_folder(link.dataset_id, link.version.number)
        for link in links
        if link.dataset_id in usable
    }
    return {dataset: folder for dataset, folder in folders.items() if folder.is_dir()}


def awaiting_restart(project: Project) -> frozenset[int]:
    """The datasets that the project's running notebook does not see as the project has
    them: it sees another version, or one taken out, or none. Empty when none runs."""
    mounted = _mounted(_running(project.pk))
    if mounted is None:
        return frozenset()
    wanted = dataset_folders(project)
    stale = {dataset for dataset, folder in wanted.items() if mounted.get(dataset) != folder}
    return frozenset(stale | (mounted.keys() - _linked(project)))


def refresh(project_id: int) -> None:
    """Have the project's notebook, if one runs, see the project's datasets as they are.

    A dataset that its owner has made private stays until the notebook stops. Where the
    engine can't change a sandbox that runs, nothing happens: see `awaiting_restart`.
    """
    project = Project.objects.select_related("owner").get(pk=project_id)
    folder = workfolder.project_folder(project_id)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "datasets.lock", timeout=_PATIENCE_SECONDS):
            server = _running(project_id)
            mounted = _mounted(server)
            if server and mounted is not None:
                _remove(server.run_id, project, mounted.keys() - _linked(project))
                _add(server.run_id, project, mounted)
    except Timeout:
        log.warning("the datasets of project %s are being changed by somebody else", project_id)


def forget_place(project_id: int, *, dataset_id: int) -> None:
    """Remove the empty folder that a dataset taken out was mounted on, so that no side
    bar lists it; one with files of the learner's stays.

    Not while it is mounted or may be: removing it here would unmount it there.
    """
    active = NotebookServer.objects.filter(state__in=NotebookServer.ACTIVE)
    server = active.filter(project_id=project_id).first()
    is_settled = server is None or server.state == NotebookServer.State.RUNNING
    if is_settled and dataset_id not in (_mounted(server) or ()):
        workfiles.remove_mount_point(workfolder.home(project_id), dataset_id=dataset_id)


def _add(run_id: str, project: Project, mounted: dict[int, Path]) -> None:
    home = workfolder.home(project.pk)
    for dataset, folder in dataset_folders(project).items():
        if mounted.get(dataset) == folder:
            continue
        try:
            workfiles.ensure_mount_points(home, dataset_ids=[dataset])
            # Over an older version, so that there is no moment without files.
            local_engine().mount(run_id, folder, str(workfiles.dataset_place(dataset)))
        except (EngineError, OSError, KeyError) as error:
            log.warning("dataset %s waits for the next start of %s: %s", dataset, project, error)


def _remove(run_id: str, project: Project, datasets: set[int]) -> None:
    home = workfolder.home(project.pk)
    for dataset in datasets:
        try:
            local_engine().unmount(run_id, str(workfiles.dataset_place(dataset)))
            workfiles.remove_mount_point(home, dataset_id=dataset)
        except (EngineError, OSError, KeyError) as error:
            log.warning("dataset %s stays in run %s until its end: %s", dataset, run_id, error)


def _running(project_id: int) -> NotebookServer | None:
    running = NotebookServer.objects.filter(state=NotebookServer.State.RUNNING)
    return running.filter(project_id=project_id).first()


def _mounted(server: NotebookServer | None) -> dict[int, Path] | None:
    """The datasets in the sandbox of ``server``; ``None`` when there is no such sandbox."""
    if server is None or not server.run_id:
        return None
    try:
        mounts = local_engine().mounts(server.run_id)
    except (KeyError, OSError):
        return None
    found = {}
    for mount in mounts:
        name = _FOLDER.fullmatch(mount.target.name)
        if name and mount.target == workfiles.dataset_place(int(name[1])):
            found[int(name[1])] = mount.source
    return found


def _linked(project: Project) -> set[int]:
    return set(project.dataset_links.values_list("dataset_id", flat=True))
