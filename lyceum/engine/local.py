"""The engine of one machine: each run is a detached shim with a folder of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import secrets
import shutil
import signal
import time
from pathlib import Path, PurePosixPath

from lyceum.engine import claim, codec, gangs, limits, machine, procs, runfolder, starting
from lyceum.engine.base import Capacity, EngineError, Status, Usage, await_end
from lyceum.engine.limits import Limiter
from lyceum.engine.mounting import RunMounts
from lyceum.engine.relay import listen
from lyceum.engine.starting import Means
from lyceum.engine.workload import Mount, RunState, Workload

_MEMORY_SHARE = 0.8  # of the machine's memory that gangs may have together
_POLL_SECONDS = 0.02
_NODE = "local"
_REMOVED = ".removed"  # among the runs: folders on their way out
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class LocalEngine:
    """Implements `base.Engine` over run folders in ``<root>/runs``.

    Holds no state of its own: any number of processes may use the same root.
    """

    def __init__(
        self,
        root: Path,
        *,
        sandbox: str = "on",
        limiter: str | None = None,
        own_user: bool = True,
    ) -> None:
        """``sandbox="off"`` runs user code with no isolation, for those who ask for it.

        ``limiter`` names a way of limiting (`limits.KINDS`); the best one when unset.
        ``own_user=False`` keeps user code the platform's own user (`stage`).
        """
        self._runs = Path(root) / "runs"
        kind = limits.by_name(limiter) if limiter else limits.limits_in_force()
        self._means = Means(sandbox != "off", kind.name, own_user)

    def start(self, workload: Workload, *, run_id: str | None = None) -> str:
        """Start ``workload`` and return its run id, once its shim stands on its own feet.

        With ``run_id`` a start may be repeated: however often, by however many at once and
        wherever an earlier one was killed, the program is started once. Whether it came to
        that, or has ended since, is `status`'s to say.

        Raises `EngineError` for a workload that can't run and `SandboxUnavailable`
        when isolation can't be had.
        """
        if run_id is not None and not _RUN_ID.fullmatch(run_id):
            raise EngineError(f"a run can't be called {run_id!r}")
        self._runs.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = self._runs / (run_id or _new_run_id())
        with starting.locked(folder):
            if not _has_begun(folder):
                self._begin(folder, workload, repeatable=run_id is not None)
        return folder.name

    def _begin(self, folder: Path, workload: Workload, *, repeatable: bool) -> None:
        listener = None
        if self._means.confined and workload.listen is not None:
            listener = listen("127.0.0.1", 0)
        try:
            # A shim may be on its way already, from a start that was killed: it has read
            # the folder as it is.
            if not (folder / runfolder.STATE).exists():
                port = listener.getsockname()[1] if listener else workload.listen
                placed = self._placed(workload)
                starting.prepare(folder, placed, self._means, port=port, repeatable=repeatable)
            starting.spawn(folder, listener.fileno() if listener else None)
        except BaseException:
            if not _has_begun(folder):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            if listener is not None:
                listener.close()

    def _placed(self, workload: Workload) -> Workload:
        if not workload.members:
            return workload
        own_loopback = self._means.confined and workload.network != "host"
        addresses = gangs.loopback_addresses if own_loopback else gangs.free_addresses
        members = gangs.resolved(workload.members, addresses(workload.members))
        return dataclasses.replace(workload, members=members)

    def capacity(self) -> Capacity:
        """This machine's processors, and 80 % of its memory: the platform needs some too."""
        return Capacity(machine.processors(), int(machine.memory_bytes() * _MEMORY_SHARE))

    def _folder(self, run_id: str) -> Path:
        folder = self._runs / run_id
        if folder.parent != self._runs or not (folder / runfolder.STATE).is_file():
            raise KeyError(run_id)
        return folder

    def _record(self, run_id: str) -> dict:
        folder = self._folder(run_id)
        record = _read(folder)
        if record["state"] in runfolder.ENDED or _is_watched(folder, record):
            return record
        # It may have written its end between our two looks.
        record = _read(folder)
        return record if record["state"] in runfolder.ENDED else self._bury(folder, record)

    def _bury(self, folder: Path, record: dict) -> dict:
        """The shim died without a word: its sandbox died with it; write that down."""
        if _shim(folder, record) is None and not claim.take(str(folder)):
            return _read(folder)  # a late shim was faster
        return self._end(folder, record, RunState.LOST, "the process that watched the run is gone")

    def _end(self, folder: Path, record: dict, state: RunState, detail: str) -> dict:
        """Write the end of a run that has no shim."""
        _limiter(record).close()
        record |= {
            "state": state,
            "reason": str(state),
            "detail": detail,
            "ended": time.time(),
            "init_pid": None,
        }
        runfolder.write_json(str(folder), runfolder.STATE, record)
        return record

    def status(self, run_id: str) -> Status:
        """The run's status; raises ``KeyError`` for an unknown run."""
        return codec.status_from_record(self._record(run_id))

    def stop(self, run_id: str, *, grace: float = 5.0) -> Status:
        """Ask the run to end (SIGTERM), kill it after ``grace`` seconds, and wait."""
        record = self._record(run_id)
        if record["state"] in runfolder.ENDED:
            return codec.status_from_record(record)
        folder = self._folder(run_id)
        runfolder.write_json(str(folder), runfolder.STOP, {"grace": grace})
        if _shim(folder, record) is None and claim.take(str(folder)):
            sentence = "the run was stopped before it started"
            return codec.status_from_record(self._end(folder, record, RunState.STOPPED, sentence))
        self._signal_shim(folder, record, signal.SIGTERM)
        status = self.wait(run_id, timeout=grace + 10.0)
        if status.alive:  # the shim itself hangs; its death takes the sandbox along
            self._signal_shim(folder, record, signal.SIGKILL)
            status = self.wait(run_id, timeout=5.0)
        return status

    def _signal_shim(self, folder: Path, record: dict, number: int) -> None:
        shim = _shim(folder, record)
        if shim is None:
            return
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(shim["pid"])
            try:
                if procs.is_alive(shim):
                    signal.pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)

    def wait(self, run_id: str, *, timeout: float) -> Status:
        """The run's status once it has ended, or as it is after ``timeout`` seconds."""
        return await_end(self, run_id, timeout=timeout, pause=_POLL_SECONDS)

    def address(self, run_id: str) -> str | None:
        """``host:port`` on the host's loopback that leads to ``Workload.listen``.

        The same from `start` to the run's end; ``None`` when it serves nothing or ended.
        """
        record = self._record(run_id)
        return None if record["state"] in runfolder.ENDED else record["address"]

    def usage(self, run_id: str) -> Usage | None:
        """What the run uses now, ``None`` once it has ended."""
        record = self._record(run_id)
        if record["state"] in runfolder.ENDED or not record.get("init_pid"):
            return None
        cpu, memory, processes = _limiter(record).usage(record["init_pid"])
        # Without a sandbox there is less to take off than has been taken off already.
        is_counted = bool(record.get("gang")) and self._means.confined
        launcher = gangs.LAUNCHER_PROCESSES if is_counted else 0
        return Usage(cpu, memory, max(processes - launcher, 0))

    def mount(self, run_id: str, source: Path, target: str, *, writable: bool = False) -> None:
        """Add a mount to a running sandbox; `EngineError` where that can't be done.

        Every process of the run sees it at once, and no longer what was there before.
        One whose working folder is ``target`` stays in the old folder until it enters
        ``target`` anew.
        """
        record = self._changeable(run_id)
        self._mounts(run_id).attach(
            Mount(source, PurePosixPath(target), writable),
            init_pid=record["init_pid"],
            host_uid=record.get("host_uid"),
        )
        self._signal_shim(self._folder(run_id), record, signal.SIGUSR1)

    def unmount(self, run_id: str, target: str) -> None:
        """Take what is mounted at ``target`` out of a running sandbox.

        Files that are open stay open, and a process whose working folder is in it stays
        there. What a run wrote to a writable mount counts against its disk limit as
        before. Raises `EngineError` where that can't be done, where nothing is mounted
        and where other mounts are inside.
        """
        record = self._changeable(run_id)
        self._mounts(run_id).detach(PurePosixPath(target), init_pid=record["init_pid"])

    def mounts(self, run_id: str) -> list[Mount]:
        """What the run sees of the workload's mounts and those added since.

        Raises ``KeyError`` for an unknown run.
        """
        return self._mounts(run_id).now()

    def _mounts(self, run_id: str) -> RunMounts:
        return RunMounts(self._folder(run_id), starting.python("livemount"))

    def _changeable(self, run_id: str) -> dict:
        """The record of a run whose mounts can be changed; raises `EngineError`."""
        record = self._record(run_id)
        if os.geteuid() != 0:
            raise EngineError("changing a running sandbox's mounts needs the platform to be root")
        if not runfolder.read_json(str(self._folder(run_id)), runfolder.PLAN)["confined"]:
            raise EngineError(f"run {run_id} has no sandbox to mount into")
        return self._await_program(run_id, record)

    def _await_program(self, run_id: str, record: dict) -> dict:
        """The run's record once its program has started: before, bubblewrap still mounts."""
        until = time.monotonic() + starting.STARTING_SECONDS
        while not (record.get("init_pid") and procs.children(record["init_pid"])):
            if record["state"] in runfolder.ENDED or time.monotonic() > until:
                raise EngineError(f"run {run_id} has no sandbox to mount into")
            time.sleep(_POLL_SECONDS)
            record = self._record(run_id)
        return record

    def log_path(self, run_id: str) -> Path:
        """The file that has the run's newest stdout and stderr (older: `older_log_path`)."""
        return self._folder(run_id) / runfolder.LOG

    def logs(self, run_id: str) -> list[tuple[str, list[Path]]]:
        """One node, ``local``, and its log's files, the older one first."""
        files = [self.older_log_path(run_id), self.log_path(run_id)]
        return [(_NODE, [path for path in files if path is not None])]

    def older_log_path(self, run_id: str) -> Path | None:
        """The file with the output before `log_path`'s, if the log grew that long."""
        path = self._folder(run_id) / runfolder.OLDER_LOG
        return path if path.exists() else None

    def runs(self) -> list[Status]:
        """Every run whose folder still exists, newest first."""
        names = sorted((path.name for path in self._runs.glob("*")), reverse=True)
        found = []
        for name in names:
            with contextlib.suppress(KeyError, FileNotFoundError):
                found.append(self.status(name))
        return found

    def remove(self, run_id: str) -> None:
        """Delete an ended run's folder, log included; `EngineError` while it runs."""
        if self.status(run_id).alive:
            raise EngineError(f"run {run_id} has not ended")
        removed = self._runs / _REMOVED
        removed.mkdir(mode=0o700, exist_ok=True)
        # At once: what is left of a folder half deleted would be nobody's to find.
        os.rename(self._folder(run_id), removed / f"{run_id}.{secrets.token_hex(4)}")
        for folder in removed.iterdir():
            shutil.rmtree(folder, ignore_errors=True)


def _new_run_id() -> str:
    """A name no other run has, that sorts by time."""
    now = time.time_ns()
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now // 10**9))
    return f"{moment}-{now % 10**9:09d}-{secrets.token_hex(3)}"


def _read(folder: Path) -> dict:
    return runfolder.read_json(str(folder), runfolder.STATE)


def _limiter(record: dict) -> Limiter:
    # Runs of before there were groups are called like theirs.
    return limits.by_name(record["limiter"])(record.get("group", record["run_id"]))


def _has_begun(folder: Path) -> bool:
    """Whether a process has this run, or had it: no other may start its program."""
    return claim.holder(str(folder)) is not None


def _shim(folder: Path, record: dict) -> dict | None:
    """Who watches over the run, or did; ``None`` while its start is under way."""
    return record.get("shim") or claim.holder(str(folder))


def _is_watched(folder: Path, record: dict) -> bool:
    shim = _shim(folder, record)
    if shim is not None:
        return procs.is_alive(shim)
    return record.get("repeatable") or time.time() - record["queued"] < starting.STARTING_SECONDS
