"""What pages and the API show of notebook servers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from time import time

from django.core.cache.backends.locmem import LocMemCache
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.config import settings
from lyceum.engine import local_engine
from lyceum.limits import limit
from lyceum.notebooks import idle, sentences
from lyceum.notebooks.models import NotebookServer
from lyceum.projects.models import Project
from lyceum.projects.queries import owned_project

State = NotebookServer.State

_LOG_BYTES = 6000
_SAMPLE_SECONDS = 600
_MEGABYTE = 1024 * 1024
# CPU seconds at the last look, in this process: what is shown is a glance, not worth a write.
_samples = LocMemCache("notebook-cpu", {})


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running project is reached, by the guide's URL rule."""

    notebook: str
    lab: str
    visualdl: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a running project uses: percent of one core, bytes, processes; and its limits."""

    cpu_percent: float
    cpu_percent_limit: int
    memory_bytes: int
    memory_bytes_limit: int
    processes: int
    processes_limit: int

    @property
    def memory_percent(self) -> int:
        return min(100, round(100 * self.memory_bytes / self.memory_bytes_limit))

    @property
    def cpu_share(self) -> int:
        """Percent of the cores the project may use."""
        return min(100, round(100 * self.cpu_percent / self.cpu_percent_limit))


@dataclass(frozen=True, slots=True)
class NotebookView:
    """A project's notebook server as its owner sees it.

    ``message`` is a sentence about what happens or happened, ``detail`` more of
    it in the words of the part that failed. Times are ``None`` when they do not
    apply; ``idle_stop_at`` is when an unused server will stop, and
    ``idle_warning`` whether that is so near that the learner should be told.
    """

    project_id: int
    state: str
    stage: str
    progress: int
    message: str
    detail: str
    reason: str
    addresses: Addresses
    started: datetime | None
    ended: datetime | None
    last_activity: datetime | None
    idle_stop_at: datetime | None
    idle_warning: bool
    saved_version: int | None
    usage: Usage | None

    @property
    def active(self) -> bool:
        return self.state in NotebookServer.ACTIVE


def notebook_view(user: User, project_id: int) -> NotebookView:
    """The notebook server of a project of ``user``'s; stopped when it never ran.

    Raises ``NotFound`` and ``Forbidden``.
    """
    return view_of(server_of(user, project_id))


def server_of(user: User, project_id: int) -> NotebookServer:
    """The row of a project of ``user``'s, an unsaved one when it never ran.

    Raises ``NotFound`` and ``Forbidden``.
    """
    project = owned_project(user, project_id)
    found = NotebookServer.objects.filter(project=project).first()
    return found or NotebookServer(project=project, user=user)


def view_of(server: NotebookServer) -> NotebookView:
    """``server`` for people, in the language of now."""
    running = server.state == State.RUNNING
    ended = server.state in (State.STOPPING, State.STOPPED, State.FAILED)
    return NotebookView(
        project_id=server.project_id,
        state=server.state,
        stage=server.stage if server.state == State.STARTING else "",
        progress=server.progress,
        message=str(server.get_reason_display()) if ended else _present(server),
        detail=server.message if ended else "",
        reason=server.reason if ended else "",
        addresses=addresses(server.user_id, server.project_id),
        started=server.started,
        ended=server.ended,
        last_activity=server.last_activity if running else None,
        idle_stop_at=idle.stop_at(server),
        idle_warning=running and server.warned is not None,
        saved_version=server.saved_version or None,
        usage=usage(server) if running else None,
    )


def addresses(user_id: int, project_id: int) -> Addresses:
    """Where ``user_id`` opens ``project_id`` (guide, Visual DL工具, Step4)."""
    base = f"{settings().notebook_url}/user/{user_id}/{project_id}"
    notebook = f"{project_id}.ipynb"
    return Addresses(
        notebook=f"{base}/notebooks/{notebook}",
        lab=f"{base}/lab/tree/{notebook}",
        visualdl=f"{base}/visualdl",
    )


def running_projects(user: User) -> list[Project]:
    """The projects that take up the learner's places, longest running first."""
    rows = NotebookServer.objects.filter(user=user, state__in=NotebookServer.ACTIVE)
    return [row.project for row in rows.select_related("project").order_by("requested", "pk")]


def running_with_dataset(dataset_id: int) -> int:
    """How many running projects have the dataset mounted, or are about to."""
    rows = NotebookServer.objects.filter(state__in=NotebookServer.ACTIVE)
    return rows.filter(project__dataset_links__dataset_id=dataset_id).count()


def log_tail(server: NotebookServer) -> str:
    """The end of the log of the learner's own server, for people; empty when there is none."""
    if not server.run_id:
        return ""
    try:
        with local_engine().log_path(server.run_id).open("rb") as file:
            file.seek(0, 2)
            skipped = max(0, file.tell() - _LOG_BYTES)
            file.seek(skipped)
            if skipped:
                file.readline()  # the rest of a line
            return file.read().decode("utf-8", "replace").strip()
    except (OSError, KeyError):
        return ""


def usage(server: NotebookServer) -> Usage | None:
    """What the server's run uses now; ``None`` when it has ended."""
    try:
        now = local_engine().usage(server.run_id) if server.run_id else None
    except KeyError:
        return None
    if now is None:
        return None
    return Usage(
        cpu_percent=_cpu_percent(server, now.cpu_seconds),
        cpu_percent_limit=100 * limit("notebook_cpus"),
        memory_bytes=now.memory_bytes,
        memory_bytes_limit=limit("notebook_memory_mb") * _MEGABYTE,
        processes=now.processes,
        processes_limit=limit("notebook_processes"),
    )


def _cpu_percent(server: NotebookServer, cpu_seconds: float) -> float:
    """Percent of one core since somebody last looked; since its launch at first."""
    moment = time()
    earlier = _samples.get(server.run_id)
    _samples.set(server.run_id, (moment, cpu_seconds), _SAMPLE_SECONDS)
    if earlier is None:
        start = server.launched or timezone.now()
        earlier = (start.timestamp(), 0.0)
    seconds = moment - earlier[0]
    if seconds <= 0:
        return 0.0
    return round(max(0.0, 100 * (cpu_seconds - earlier[1]) / seconds), 1)


def _present(server: NotebookServer) -> str:
    return sentences.step(server.message or "requested") if server.state == State.STARTING else ""
