"""VisualDL over the outputs of several tasks at once (guide, 任务备注: 不同版本的效果比较).

VisualDL reads files that learners' programs wrote, so it runs in a sandbox of its own:
with the outputs read-only, no network, and a page at the notebooks' origin
(``pages.dashboard``), whose address is signed and holds for :data:`HOURS`. What is known
of a dashboard is in ``<home>/dashboards/<key>.json``; the file's time is when somebody
last looked.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from lyceum import environments
from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, NotFound, Unavailable
from lyceum.config import settings
from lyceum.engine import local_engine
from lyceum.engine.base import EngineError
from lyceum.engine.workload import Limits, Mount, Workload
from lyceum.tasks import folders, queries
from lyceum.tasks.models import Task

MOST_TASKS = 10
HOURS = 6
"""An address is good for so long, and its sandbox runs no longer."""
IDLE_SECONDS = 20 * 60
PER_USER = 2
"""Dashboards of one person at once: a third takes the place of the oldest."""
LABEL = "dashboard"

_SALT = "lyceum.tasks.dashboards"
_PORT = 8040
_LOGS = PurePosixPath("/logs")
_MEMORY = 1024 * 1024 * 1024
_SCRATCH = 256 * 1024 * 1024
_TOUCH_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A running VisualDL: whose it is, of which tasks, and since when."""

    key: str
    user_id: int
    task_ids: tuple[int, ...]
    token: str
    started: float

    @property
    def run_id(self) -> str:
        return f"dashboard-{self.key}"

    @property
    def file(self) -> Path:
        return _folder() / f"{self.key}.json"

    @property
    def last_look(self) -> float:
        """Seconds since the epoch; 0 when it has been taken away."""
        try:
            return self.file.stat().st_mtime
        except FileNotFoundError:
            return 0.0


def open_dashboard(user: User, task_ids: Sequence[int]) -> str:
    """The address of a VisualDL over the outputs of ``task_ids``, started if need be.

    Raises ``NotFound`` for tasks that are not ``user``'s, ``DomainError`` for none or too
    many, ``Conflict`` when no one VisualDL reads the logs of all, and ``Unavailable``.
    """
    tasks = _tasks(user, task_ids)
    environment = _environment(tasks)
    ids = tuple(task.pk for task in tasks)
    mine = [each for each in dashboards() if each.user_id == user.pk]
    for each in mine:
        if each.task_ids == ids and _is_fresh(each):
            look(each)
            return address(each)
    for each in sorted(mine, key=lambda each: each.last_look)[: max(0, len(mine) + 1 - PER_USER)]:
        close(each)
    return address(_start(user, tasks, environment))


def by_token(token: str) -> Dashboard:
    """The dashboard that a signed address names; ``NotFound`` when it is too old or gone."""
    try:
        key = signing.loads(token, salt=_SALT, max_age=HOURS * 3600)
    except signing.BadSignature:
        key = ""
    found = _read(_folder() / f"{key}.json") if key else None
    if found is None:
        sentence = _("This address is too old. Open VisualDL again from the task history.")
        raise NotFound("no_dashboard", sentence)
    return found


def address(dashboard: Dashboard) -> str:
    """Where the dashboard's page is, on the notebooks' origin."""
    return settings().notebook_url + path_of(dashboard.token)


def path_of(token: str) -> str:
    """The path of a dashboard's page, which all that it asks for is below."""
    return reverse("tasks:dashboard", args=[token])


def upstream(dashboard: Dashboard) -> str | None:
    """``host:port`` of its VisualDL, which may still be starting; ``None`` once it ended."""
    try:
        return local_engine().address(dashboard.run_id)
    except KeyError:
        return None


def look(dashboard: Dashboard) -> None:
    """Somebody looks at it: it goes on."""
    if time.time() - dashboard.last_look > _TOUCH_SECONDS:
        with suppress(FileNotFoundError):
            os.utime(dashboard.file)


def dashboards() -> Iterator[Dashboard]:
    """All that there are."""
    for path in sorted(_folder().glob("*.json")):
        found = _read(path)
        if found is not None:
            yield found


def close(dashboard: Dashboard) -> None:
    """End it and forget it."""
    engine = local_engine()
    with suppress(KeyError, EngineError):
        engine.stop(dashboard.run_id, grace=1.0)
        engine.remove(dashboard.run_id)
    dashboard.file.unlink(missing_ok=True)


def close_idle() -> None:
    """Close those that nobody looks at any more; the dispatcher's job."""
    for each in dashboards():
        if time.time() - each.last_look > IDLE_SECONDS or upstream(each) is None:
            close(each)


def _tasks(user: User, task_ids: Sequence[int]) -> list[Task]:
    ids = sorted(set(task_ids))
    if not 1 <= len(ids) <= MOST_TASKS:
        sentence = _("Choose between one and %(most)d tasks.") % {"most": MOST_TASKS}
        raise DomainError("how_many_tasks", sentence)
    return [queries.task_of(user, task_id) for task_id in ids]


def _environment(tasks: list[Task]) -> str:
    """An environment whose VisualDL reads what all of ``tasks`` wrote."""
    names = list(dict.fromkeys(task.environment for task in tasks))
    built = [name for name in names if _generation(name)]
    if not built:
        sentence = _("None of these tasks' environments is on this machine with its VisualDL.")
        raise Conflict("no_dashboard", sentence)
    if len({_generation(name) for name in built}) > 1:
        sentence = _(
            "VisualDL of PaddlePaddle Fluid and today's VisualDL can't read each other's logs: "
            "choose tasks of one of them."
        )
        raise Conflict("two_generations", sentence)
    return built[0]


def _generation(environment: str) -> str:
    """The major version of its VisualDL; empty when it has none, or is not built here."""
    try:
        if not environments.get(environment).dashboard:
            return ""
        prefix = environments.prefix(environment)
        environments.mounts(environment)
    except (environments.UnknownEnvironment, FileNotFoundError):
        return ""
    found = next(prefix.glob("lib/python*/site-packages/visualdl-*.dist-info"), None)
    return found.name.removeprefix("visualdl-").partition(".")[0] if found else ""


def _start(user: User, tasks: list[Task], environment: str) -> Dashboard:
    key = secrets.token_hex(16)
    token = signing.dumps(key, salt=_SALT)
    dashboard = Dashboard(key, user.pk, tuple(task.pk for task in tasks), token, time.time())
    _folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    dashboard.file.write_text(json.dumps(asdict(dashboard)))
    try:
        local_engine().start(_workload(dashboard, environment), run_id=dashboard.run_id)
    except EngineError as error:
        dashboard.file.unlink(missing_ok=True)
        raise Unavailable("engine_unavailable", _("VisualDL could not be started.")) from error
    return dashboard


def _workload(dashboard: Dashboard, environment: str) -> Workload:
    outputs = []
    for task_id in dashboard.task_ids:
        output = folders.output(task_id)
        output.mkdir(parents=True, exist_ok=True, mode=0o700)
        outputs.append(Mount(output, _LOGS / f"task-{task_id}"))
    argv = environments.dashboard_argv(
        environment, logdir=str(_LOGS), port=_PORT, public_path=path_of(dashboard.token)[:-1]
    )
    return Workload(
        argv=tuple(argv),
        name=f"VisualDL of tasks {', '.join(map(str, dashboard.task_ids))}",
        env={**environments.kernel_environment(environment), "HOME": "/tmp"},  # noqa: S108
        mounts=(*environments.mounts(environment), *outputs),
        limits=Limits(
            cpus=1,
            memory_bytes=_MEMORY,
            processes=128,
            wall_seconds=HOURS * 3600,
            disk_bytes=_SCRATCH,
            log_bytes=1_000_000,
        ),
        network="loopback",
        listen=_PORT,
        labels={"kind": LABEL, "user": str(dashboard.user_id)},
    )


def _is_fresh(dashboard: Dashboard) -> bool:
    """Whether its address holds for another hour at least, and it runs."""
    is_young = time.time() - dashboard.started < (HOURS - 1) * 3600
    return is_young and upstream(dashboard) is not None


def _folder() -> Path:
    return settings().root / "dashboards"


def _read(path: Path) -> Dashboard | None:
    try:
        about = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):  # just removed, or being written
        return None
    return Dashboard(**{**about, "task_ids": tuple(about["task_ids"])})
