"""A code submission: a project's version run with the hidden inputs, cut off from all else.

Its output could hold what it has read, so nothing of it reaches the team: they are told how
it ended, the organiser the rest.
"""

from __future__ import annotations

import builtins
import os
import shutil
import stat
from pathlib import Path, PurePosixPath

from lyceum import environments
from lyceum.common.errors import DomainError, NotFound
from lyceum.competitions import folders
from lyceum.competitions.models import Submission, SubmissionState
from lyceum.competitions.queries.code import main_file
from lyceum.competitions.scorers import sandbox
from lyceum.competitions.scorers.faults import GONE, NoScore, code_ended, no_output
from lyceum.datasets.queries import version_folder
from lyceum.engine.workload import Limits, Mount, Workload
from lyceum.limits import limit
from lyceum.projects import versions, workfolder
from lyceum.projects.dataset_access import usable_ids
from lyceum.projects.models import Project
from lyceum.projects.queries import dataset_links
from lyceum.runtime import submission as runner

KIND = "code_submission"
"""The label ``kind`` of such a run."""

HOME = PurePosixPath("/home/aistudio")
INPUT = "input"
_OUT = PurePosixPath("/opt/lyceum/out")
_RUNNER = PurePosixPath("/opt/lyceum/submission")
_MEGABYTE = 1 << 20
_DEFAULT_NAME = "submission.csv"


def output_name(submission: Submission) -> str:
    """What the code has to write into its working folder."""
    return submission.round.example_name or _DEFAULT_NAME


def run(submission: Submission, target: Path) -> None:
    """Run the submitted version and put what it wrote at ``target``.

    Raises ``NoScore`` and ``TryAgain``.
    """
    if submission.project is None or submission.version is None:
        raise NoScore(SubmissionState.FAILED, GONE)
    sandbox.make_ready(submission.project.environment)
    with sandbox.working_folder(submission) as work:
        home, out = work / "home", work / "out"
        home.mkdir(mode=0o700)
        out.mkdir(mode=0o700)
        try:
            program = main_file(submission.version)
            versions.check_out(submission.project_id, submission.version.commit, home)
            workload = _workload(submission, home, out, program)
        except (NotFound, DomainError) as error:
            raise NoScore(SubmissionState.FAILED, GONE, detail=str(error)) from None
        status, log = sandbox.run(workload, sandbox.run_id(submission, "code"))
        if status.exit_code != 0:
            reason = status.reason or "signal"
            raise code_ended(reason, _exception(out), f"{reason}: {status.detail}\n{log}")
        name = output_name(submission)
        if not _take(home, name, target):
            raise no_output(name, log)


def _workload(submission: Submission, home: Path, out: Path, program: str) -> Workload:
    project, round_ = submission.project, submission.round
    environment = project.environment
    datasets = _datasets(project)
    workfolder.make_folder(home, INPUT)
    for pk in datasets:
        workfolder.make_folder(home, f"data/data{pk}")
    hidden = ()
    if round_.inputs_name:
        place = HOME / INPUT / round_.inputs_name
        # A mount of the file alone: the one before it may still lie beside it.
        workfolder.write_file(home, f"{INPUT}/{round_.inputs_name}", b"")
        hidden = (Mount(folders.inputs(round_), place),)
    return Workload(
        argv=(
            str(environments.python(environment)), "-B", str(_RUNNER / "__main__.py"),
            str(HOME / program), str(_OUT),
        ),
        name=f"submission {submission.pk}",
        cwd=HOME,
        env={
            **environments.kernel_environment(environment),
            "HOME": str(HOME),
            "MPLBACKEND": "Agg",
            "PYTHONUNBUFFERED": "1",
        },
        mounts=(
            Mount(home, HOME, writable=True),
            Mount(out, _OUT, writable=True),
            *hidden,
            *(Mount(folder, HOME / "data" / f"data{pk}") for pk, folder in datasets.items()),
            Mount(Path(runner.__file__).parent, _RUNNER),
            *environments.mounts(environment),
        ),
        limits=Limits(
            cpus=limit("code_submission_cpus"),
            memory_bytes=limit("code_submission_memory_mb") * _MEGABYTE,
            processes=limit("notebook_processes"),
            wall_seconds=limit("code_submission_minutes") * 60,
            disk_bytes=limit("notebook_disk_mb") * _MEGABYTE,
            log_bytes=_MEGABYTE,
        ),
        labels={"kind": KIND, "submission": str(submission.pk)},
    )  # fmt: skip


def _datasets(project: Project) -> dict[int, Path]:
    """The folders of the project's datasets that its owner may use, as in its notebook."""
    links = dataset_links(project)
    usable = usable_ids(project.owner, [link.dataset_id for link in links])
    found = {
        link.dataset_id: version_folder(link.dataset_id, link.version.number)
        for link in links
        if link.dataset_id in usable
    }
    return {pk: folder for pk, folder in found.items() if folder.is_dir()}


def _exception(out: Path) -> str:
    """Which of Python's own exceptions ended it; the code may have written anything there."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(out / "error", flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "Exception"
            name = file.read(60).decode("ascii", "replace")
    except OSError:
        return "SystemExit"
    kind = getattr(builtins, name, None)
    is_exception = isinstance(kind, type) and issubclass(kind, BaseException)
    return name if is_exception else "Exception"


def _take(home: Path, name: str, target: Path) -> bool:
    """Copy what the code wrote, unless it is no plain file or too large."""
    most = limit("submission_mb") * _MEGABYTE
    try:
        if not 0 < workfolder.file_size(home, name) <= most:
            return False
        with workfolder.open_file(home, name) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)
    except (DomainError, NotFound, OSError):
        return False
    return True
