"""Tasks of cluster projects: ``client.tasks``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from lyceum.sdk.errors import LyceumError, refusal
from lyceum.sdk.models import Task, TaskUsage
from lyceum.sdk.transport import TRANSIENT, Transport

POLL_SECONDS = 0.5
_MOST_PAUSE = 2.0
_PIECE = 1 << 18


class Tasks:
    """What a program can do with tasks. Every method raises ``LyceumError``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(
        self,
        project_id: int,
        *,
        note: str = "",
        main_file: str | None = None,
        trainers: int | None = None,
        pservers: int = 0,
        cpus: int = 1,
        gpus: int = 0,
        time_limit_minutes: int | None = None,
        environment: str | None = None,
        version: int | None = None,
    ) -> Task:
        """Save the project's files as a version and queue a task that runs it.

        What is ``None`` is the project's or the platform's choice. ``cpus`` (cores) are of
        each trainer and parameter server, ``gpus`` of each trainer; ``version``: run that
        saved one instead.
        """
        asked = {
            "note": note,
            "main_file": main_file,
            "trainers": trainers,
            "pservers": pservers,
            "cpus": cpus,
            "gpus": gpus,
            "time_limit_minutes": time_limit_minutes,
            "environment": environment,
            "version": version,
        }
        return self._task("POST", f"/projects/{project_id}/tasks", json=asked)

    def list(self, project_id: int | None = None, *, state: str | None = None) -> Iterator[Task]:
        """Tasks of a project, or of all of yours (in ``state`` alone, if given), newest
        first; fetched page by page as you go."""
        if project_id is not None:
            found = map(Task.read, self._transport.pages(f"/projects/{project_id}/tasks"))
            return (each for each in found if state in (None, each.state))
        query = {"state": state} if state else {}
        return map(Task.read, self._transport.pages("/tasks", **query))

    def get(self, task_id: int) -> Task:
        return self._task("GET", f"/tasks/{task_id}")

    def edit(self, task_id: int, *, note: str) -> Task:
        """Change its note."""
        return self._task("PATCH", f"/tasks/{task_id}", json={"note": note}, again=True)

    def stop(self, task_id: int, *, wait: bool = False) -> Task:
        """Have it ended, and ``wait`` until it has; one that has ended stays as it is."""
        now = self._task("POST", f"/tasks/{task_id}/stop", again=True)
        return self.wait(task_id) if wait and not now.is_over else now

    def delete(self, task_id: int) -> None:
        """Delete one that has ended, with its output and logs."""
        self._transport.json("DELETE", f"/tasks/{task_id}")

    def wait(self, task_id: int) -> Task:
        """The task once it has ended."""
        pause = POLL_SECONDS
        while not (now := self.get(task_id)).is_over:
            time.sleep(pause)
            pause = min(pause * 1.5, _MOST_PAUSE)
        return now

    def logs(self, task_id: int, *, follow: bool = False, member: str = "") -> Iterator[str]:
        """The log so far in pieces of whole lines; with ``follow`` as it is written, until
        the task has ended. ``member`` (``trainer-0``): its lines alone.

        It begins with the newest attempt's, and goes on with those that follow.
        """
        cursor, pause = "", POLL_SECONDS
        while True:
            query = {"cursor": cursor, "member": member}
            piece = self._transport.json("GET", f"/tasks/{task_id}/log", params=query)
            if piece["skipped"]:
                yield "[lyceum] some lines are left out here: the log grew too fast\n"
            if piece["text"]:
                yield piece["text"]
            if piece["is_over"]:
                return
            if piece["next"] != cursor:
                cursor, pause = piece["next"], POLL_SECONDS
                continue
            if not follow:
                return
            time.sleep(pause)
            pause = min(pause * 1.2, _MOST_PAUSE)

    def usage(self, task_id: int, *, since: float = 0.0) -> TaskUsage:
        """What it uses: samples taken after ``since`` (seconds since the epoch), and sums."""
        path = f"/tasks/{task_id}/usage"
        return TaskUsage.read(self._transport.json("GET", path, params={"since": since}))

    def output(self, task_id: int, *, to: str | os.PathLike[str] = ".") -> Path:
        """Fetch ``<task id>_output.tar.gz`` into the folder ``to``; where it is."""
        return self._archive(f"/tasks/{task_id}/output", Path(to) / f"{task_id}_output.tar.gz")

    def log_archive(self, task_id: int, *, to: str | os.PathLike[str] = ".") -> Path:
        """Fetch ``<task id>_log.tar.gz`` (a file for each member) into the folder ``to``."""
        return self._archive(f"/tasks/{task_id}/log-archive", Path(to) / f"{task_id}_log.tar.gz")

    def _task(self, method: str, path: str, **request: Any) -> Task:
        return Task.read(self._transport.json(method, path, **request))

    def _archive(self, path: str, place: Path) -> Path:
        """Made while it is sent, so it has no length and a lost connection starts it anew."""
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.part")
        backoff = None
        while True:
            try:
                with self._transport.stream(path, {"Accept-Encoding": "identity"}) as answer:
                    if answer.is_success:
                        _write(part, answer)
                        part.replace(place)
                        return place
                    reason: LyceumError = refusal(answer)
                    if answer.status_code not in TRANSIENT:
                        raise reason
            except httpx.RequestError as lost:
                reason = self._transport.unreachable(lost)
            finally:
                part.unlink(missing_ok=True)
            backoff = backoff or self._transport.backoff()
            backoff.pause(reason)


def _write(part: Path, answer: httpx.Response) -> None:
    with part.open("wb") as target:
        for piece in answer.iter_raw(_PIECE):
            target.write(piece)
