"""The engine of a Ray cluster, as the platform sees it: files on the shared folder, and HTTP."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from lyceum.config import settings
from lyceum.engine import codec, gangs, runfolder, sandbox
from lyceum.engine.base import Capacity, EngineError, Status, Usage, await_end
from lyceum.engine.ray import records
from lyceum.engine.ray.jobs import Job, Jobs, NoAnswer
from lyceum.engine.workload import Mount, RunState, Workload

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_POLL_SECONDS = 0.25
_DRIVER_STOP_SECONDS = 120
_STOP_SECONDS = 30.0
_SILENT_SECONDS = 180.0
"""After so long without a sign of life from the driver a run counts as lost."""

_FRESH_SECONDS = 6.0
"""So long the driver's last word is believed without asking Ray."""

_DYING_SECONDS = 90.0
"""So long machines are given to end what a driver that died has left: whoever starts the
next attempt must wait for it. Without its head, Ray on a machine gives up after 60 s."""

_USAGE_SECONDS = 30.0
_MACHINES_SECONDS = 900.0


class RayEngine:
    """Implements `base.Engine` over ``<root>/runs`` on a file system that all machines share.

    Holds no state of its own: any number of processes may use the same root.
    """

    def __init__(
        self,
        root: Path,
        *,
        sandbox: str = "on",
        address: str | None = None,
        token: str | None = None,
        machines_seconds: float = _MACHINES_SECONDS,
        silent_seconds: float = _SILENT_SECONDS,
    ) -> None:
        """``address`` and ``token`` of the cluster's head, those of the settings when unset.

        A gang that finds no room for ``machines_seconds`` is given up; a run whose driver
        said nothing for ``silent_seconds`` is lost. Raises `EngineError` without an address.
        """
        address = address or settings().ray_address
        if not address:
            raise EngineError("LYCEUM_ENGINE=ray needs RAY_ADDRESS, such as http://head:8265")
        self._runs = Path(root) / "runs"
        self._sandbox = sandbox
        self._machines_seconds = machines_seconds
        self._silent_seconds = silent_seconds
        self._jobs = Jobs(address, token or settings().ray_token)

    def start(self, workload: Workload, *, run_id: str | None = None) -> str:
        """Submit ``workload`` as a job and return its run id; see `base.Engine.start`."""
        if run_id is None:
            run_id = f"run-{time.time_ns()}"
        if not _RUN_ID.fullmatch(run_id):
            raise EngineError(f"a run can't be called {run_id!r}")
        folder = self._runs / run_id
        if _is_submitted(folder) or _is_over(folder):
            return run_id
        _check(workload)
        with contextlib.suppress(NoAnswer):  # then `status` submits it, once Ray answers
            self._jobs.insist_on_token()
        record = records.claim(
            folder, workload, sandbox=self._sandbox, machines_seconds=self._machines_seconds
        )
        with contextlib.suppress(NoAnswer):
            self._submit(folder, record)
        return run_id

    def _submit(self, folder: Path, record: dict[str, Any]) -> None:
        self._jobs.insist_on_token()
        words = [sys.executable, "-m", "lyceum.engine.ray.driver", str(folder)]
        variables = {"RAY_JOB_STOP_WAIT_TIME_S": str(_DRIVER_STOP_SECONDS)}
        self._jobs.submit(record["job"], shlex.join(words), variables)
        (folder / records.SUBMITTED).touch()

    def reached(self) -> Capacity:
        """`capacity`, of a cluster that takes our token and no job without one.

        Raises `EngineError` with what is wrong.
        """
        self._jobs.insist_on_token()
        return self._jobs.capacity()

    def capacity(self) -> Capacity:
        """What the cluster's machines have; raises `EngineError` when it does not answer."""
        return self._jobs.capacity()

    def status(self, run_id: str) -> Status:
        """The run's status; raises ``KeyError`` for an unknown run.

        A run that Ray does not know any more, or that nobody heard of for too long, is
        `RunState.LOST` from then on.
        """
        folder, record = self._record(run_id)
        ending = records.read(folder, records.ENDING)
        if ending is None:
            told = records.read(folder, records.DRIVER) or {}
            ending = self._end_by_ray(folder, record, told)
            if ending is None:
                return _status(record, told)
        return _status(record, ending)

    def _end_by_ray(self, folder: Path, record: dict, told: dict) -> dict[str, Any] | None:
        """How the run ended by what Ray knows of its job; ``None`` while it goes on."""
        age = time.time() - max(record["queued"], told.get("beat", 0.0))
        if told and abs(age) < _FRESH_SECONDS:
            return None
        silent = age > self._silent_seconds
        try:
            job = self._jobs.find(record["job"])
        except NoAnswer as error:
            return self._bury(folder, record, str(error)) if silent else None
        if job is not None and not job.ended:
            hangs = silent and told
            sentence = f"its driver on {_driver(told)} went silent"
            return self._bury(folder, record, sentence) if hangs else None
        if age < _DYING_SECONDS and _shares_run(folder, told):
            return None
        if job is None:
            return self._end_of_unknown(folder, record, silent=silent)
        return self._end_of_ended(folder, record, job, told)

    def _end_of_unknown(
        self, folder: Path, record: dict, *, silent: bool
    ) -> dict[str, Any] | None:
        """Ray has no such job: not yet, if a start was cut short, or no more."""
        if _is_submitted(folder):
            return self._bury(folder, record, "Ray's head was started anew and forgot the run")
        try:
            self._submit(folder, record)
        except NoAnswer as error:
            return self._bury(folder, record, str(error)) if silent else None
        return None

    def _end_of_ended(
        self, folder: Path, record: dict, job: Job, told: dict
    ) -> dict[str, Any] | None:
        """The driver writes the end before it goes; without one, it was taken away."""
        ending = records.read(folder, records.ENDING)
        if ending is not None:
            return ending
        if records.read(folder, runfolder.STOP) is not None:
            return records.end(
                folder, RunState.STOPPED, reason="stopped", detail="the run was stopped"
            )
        where = f"its driver on {_driver(told)} ended" if told else "its driver did not start"
        return self._bury(folder, record, f"{where} ({_first_line(job.message)})")

    def _bury(self, folder: Path, record: dict, detail: str) -> dict[str, Any]:
        """Write down that the run is lost, and end what may be left of it."""
        ending = records.end(folder, RunState.LOST, reason="lost", detail=detail)
        with contextlib.suppress(EngineError):
            self._jobs.stop(record["job"])
        return ending

    def stop(self, run_id: str, *, grace: float = 5.0) -> Status:
        """Ask the run to end (SIGTERM), kill it after ``grace`` seconds, and wait."""
        status = self.status(run_id)
        if not status.alive:
            return status
        folder, record = self._record(run_id)
        runfolder.write_json(str(folder), runfolder.STOP, {"grace": grace})
        with contextlib.suppress(NoAnswer):  # the driver looks at the folder too
            if self._jobs.find(record["job"]) is None:
                detail = "the run was stopped before it started"
                records.end(folder, RunState.STOPPED, reason="stopped", detail=detail)
            self._jobs.stop(record["job"])
        status = self.wait(run_id, timeout=grace + _STOP_SECONDS)
        if status.alive:
            detail = "the run was stopped; its machines did not say that they did so"
            records.end(folder, RunState.STOPPED, reason="stopped", detail=detail)
        return self.status(run_id)

    def wait(self, run_id: str, *, timeout: float) -> Status:
        """The run's status once it has ended, or as it is after ``timeout`` seconds."""
        return await_end(self, run_id, timeout=timeout, pause=_POLL_SECONDS)

    def address(self, run_id: str) -> str | None:
        """``None``: what runs on the cluster serves nothing to this machine."""
        self._record(run_id)
        return None

    def usage(self, run_id: str) -> Usage | None:
        """What all shares use together, each as last written down, ``None`` once ended."""
        if not self.status(run_id).alive:
            return None
        now = time.time()
        found = [records.read(folder, records.USAGE) for _, folder in self._shares(run_id)]
        fresh = [one for one in found if one and now - one["at"] < _USAGE_SECONDS]
        if not fresh:
            return None
        keys = ("cpu_seconds", "memory_bytes", "processes")
        return Usage(*(sum(one[key] for one in fresh) for key in keys))

    def logs(self, run_id: str) -> list[tuple[str, list[Path]]]:
        """Each share's name (its machine's, and role where it has several) and log's files."""
        names = (runfolder.OLDER_LOG, runfolder.LOG)
        return [
            (name, [folder / one for one in names if (folder / one).exists()])
            for name, folder in self._shares(run_id)
        ]

    def log_path(self, run_id: str) -> Path:
        """The log of the run's first share; `logs` has all of them."""
        folder, _ = self._record(run_id)
        return records.share_folder(folder, 0) / runfolder.LOG

    def _shares(self, run_id: str) -> list[tuple[str, Path]]:
        folder, _ = self._record(run_id)
        told = records.read(folder, records.DRIVER) or {}
        return [
            (share["name"], records.share_folder(folder, index))
            for index, share in enumerate(told.get("shares", ()))
        ]

    def mount(self, run_id: str, source: Path, target: str, *, writable: bool = False) -> None:
        """Always raises `EngineError`: sandboxes of other machines can't be changed."""
        raise EngineError("the mounts of a run on the cluster can't be changed")

    def unmount(self, run_id: str, target: str) -> None:
        """Always raises `EngineError`, as `mount` does."""
        raise EngineError("the mounts of a run on the cluster can't be changed")

    def mounts(self, run_id: str) -> list[Mount]:
        """What the run sees mounted; raises ``KeyError`` for an unknown run."""
        folder, _ = self._record(run_id)
        return list(codec.from_json((folder / runfolder.WORKLOAD).read_text()).mounts)

    def runs(self) -> list[Status]:
        """Every run of the cluster whose folder still exists, newest first."""
        found = []
        for record in self._runs.glob(f"*/{records.RUN}"):
            with contextlib.suppress(KeyError, FileNotFoundError):
                found.append((record.stat().st_mtime, self.status(record.parent.name)))
        return [status for _, status in sorted(found, key=lambda pair: pair[0], reverse=True)]

    def remove(self, run_id: str) -> None:
        """Delete an ended run's folder, logs included; `EngineError` while it runs."""
        if self.status(run_id).alive:
            raise EngineError(f"run {run_id} has not ended")
        folder, record = self._record(run_id)
        with contextlib.suppress(NoAnswer):
            self._jobs.delete(record["job"])
        shutil.rmtree(folder)

    def _record(self, run_id: str) -> tuple[Path, dict[str, Any]]:
        folder = self._runs / run_id
        record = records.read(folder, records.RUN) if folder.parent == self._runs else None
        if record is None:
            raise KeyError(run_id)
        return folder, record


def _check(workload: Workload) -> None:
    """Raise `EngineError` for what can't run, and for what only one machine can run."""
    sandbox.check(workload)
    gangs.resolved(workload.members, gangs.loopback_addresses(workload.members))
    if workload.listen is not None:
        raise EngineError("on the cluster, a run opens no ports to this machine")
    if workload.forwards and workload.members:
        raise EngineError("on the cluster, a gang's ports lead nowhere else")


def _shares_run(folder: Path, told: dict[str, Any]) -> bool:
    """Whether the shim of a share has not written its end yet."""
    states = (
        records.read(records.share_folder(folder, index), runfolder.STATE)
        for index in range(len(told.get("shares", ())))
    )
    return any(state is not None and state["state"] not in runfolder.ENDED for state in states)


def _is_submitted(folder: Path) -> bool:
    """Whether Ray has had the run's job. It is never given another: a head that does not
    know it was started anew, and the machines of the first may not have noticed yet."""
    return (folder / records.SUBMITTED).exists()


def _is_over(folder: Path) -> bool:
    return records.read(folder, records.ENDING) is not None


def _status(record: dict[str, Any], known: dict[str, Any]) -> Status:
    """``known``: what the driver last said, or how the run ended."""
    fields = {"state": RunState.QUEUED, **known, "run_id": record["run_id"]}
    return codec.status_from_record({**fields, "labels": record["labels"]})


def _driver(told: dict[str, Any]) -> str:
    return told.get("machine") or "an unknown machine"


def _first_line(message: str) -> str:
    lines = message.strip().splitlines()
    return lines[0][:300] if lines else "Ray gave no reason"
