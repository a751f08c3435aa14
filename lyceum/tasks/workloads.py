"""The sandbox of a task: what is mounted, what may be used (guide, 数据集与输出文件路径说明)."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from lyceum import environments
from lyceum.datasets.queries import version_folder
from lyceum.engine import gangs
from lyceum.engine.workload import Limits, Mount, Workload
from lyceum.limits import limit
from lyceum.projects import versions, workfolder
from lyceum.projects.dataset_access import usable_ids
from lyceum.tasks import folders
from lyceum.tasks.models import Task
from lyceum.tasks.roles import members

KIND = "task"
"""The label ``kind`` of a task's run; ``task`` and ``attempt`` say whose it is."""

WORKSPACE = PurePosixPath("/root/paddlejob/workspace")
OUTPUT = "output"
DATASETS = ("train_data/datasets", "datasets")
"""Where datasets are below `WORKSPACE`: the guide's absolute path and its ``./datasets``."""

_MEGABYTE = 1024 * 1024


def task_workload(task: Task) -> Workload:
    """The sandbox in which ``task`` runs; its folders are those that `prepare` made.

    Raises ``FileNotFoundError`` while its environment is not built.
    """
    environment = task.environment
    return Workload(
        argv=gangs.launcher_argv(environments.python(environment)),
        name=f"task {task.pk}",
        cwd=WORKSPACE,
        env=environments.kernel_environment(environment),
        mounts=(
            Mount(folders.workspace(task.pk), WORKSPACE, writable=True),
            Mount(folders.output(task.pk), WORKSPACE / OUTPUT, writable=True),
            *(
                Mount(source, WORKSPACE / place / f"data{dataset_id}")
                for dataset_id, source in _datasets(task).items()
                for place in DATASETS
            ),
            gangs.launcher_mount(),
            *environments.mounts(environment),
        ),
        limits=Limits(
            cpus=task.cpus,
            memory_bytes=task.memory_mb * _MEGABYTE,
            processes=limit("task_processes"),
            wall_seconds=task.time_limit_seconds,
            disk_bytes=limit("task_disk_mb") * _MEGABYTE,
            log_bytes=limit("task_log_mb") * _MEGABYTE,
            gpus=task.gpus,
        ),
        network="open",
        hostname=f"task-{task.pk}",
        labels={"kind": KIND, "task": str(task.pk), "attempt": str(task.attempt)},
        members=members(task),
    )


def prepare(task: Task) -> None:
    """Have the code of the task's version in a workspace of its own, for this attempt.

    May be cut short and called again; once it is done for an attempt, it does nothing: the
    attempt may be running in that workspace. What earlier attempts left in ``output``
    stays, so that code which saved a checkpoint there goes on from it.
    """
    mark = folders.task_folder(task.pk) / "prepared"
    if mark.exists() and mark.read_text() == str(task.attempt):
        return
    root = folders.workspace(task.pk)
    workfolder.remove_tree(root)
    root.mkdir(parents=True, mode=0o700)
    folders.output(task.pk).mkdir(exist_ok=True, mode=0o700)
    versions.check_out(task.project_id, task.version.commit, root)
    for path in (OUTPUT, *DATASETS):
        workfolder.make_folder(root, path)
    mark.write_text(str(task.attempt))


def _datasets(task: Task) -> dict[int, Path]:
    """The folders of the pinned datasets that the owner may still use, by dataset id."""
    pinned = {each["dataset_id"]: each["version"] for each in task.datasets}
    usable = usable_ids(task.project.owner, pinned) if pinned else set()
    found = {pk: version_folder(pk, pinned[pk]) for pk in pinned if pk in usable}
    return {pk: folder for pk, folder in found.items() if folder.is_dir()}
