"""The engine of one machine: each run is a detached shim with a folder of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import lyceum
from lyceum.engine import codec, limits, procs, runfolder, sandbox
from lyceum.engine.base import EngineError, Status, Usage
from lyceum.engine.mounting import RunMounts
from lyceum.engine.relay import listen
from lyceum.engine.workload import Mount, RunState, Workload

log = logging.getLogger(__name__)

_PACKAGES = str(Path(lyceum.__file__).resolve().parents[1])
_STARTING_SECONDS = 15.0
_POLL_SECONDS = 0.02
# -I -S: nothing of the user's site or environment, and half the start-up time.
_BOOT = (
    "import sys; sys.path.append({path!r}); "
    "from lyceum.engine.{module} import main; main(sys.argv[1:])"
)


def _python(module: str, *arguments: str) -> list[str]:
    boot = _BOOT.format(path=_PACKAGES, module=module)
    return [sys.executable, "-I", "-S", "-c", boot, *arguments]


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
        self._confined = sandbox != "off"
        self._own_user = own_user
        self._limiter = limits.by_name(limiter) if limiter else limits.limits_in_force()

    def start(self, workload: Workload) -> str:
        """Start ``workload`` and return its run id, once its shim stands on its own feet.

        Raises `EngineError` for a workload that can't run and `SandboxUnavailable`
        when isolation can't be had.
        """
        self._runs.mkdir(parents=True, exist_ok=True, mode=0o700)
        run_id = (
            f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}-{secrets.token_hex(3)}"
        )
        folder = self._runs / run_id
        folder.mkdir(mode=0o700)
        listener = None
        if self._confined and workload.listen is not None:
            listener = listen("127.0.0.1", 0)
        try:
            self._write(
                folder, workload, listener.getsockname()[1] if listener else workload.listen
            )
            self._spawn(folder, listener.fileno() if listener else None)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            if listener is not None:
                listener.close()
        return run_id

    def _write(self, folder: Path, workload: Workload, port: int | None) -> None:
        if self._confined:
            plan = sandbox.plan(workload, folder)
        else:
            log.warning("LYCEUM_SANDBOX=off: %s runs with NO ISOLATION", workload.name or folder)
            plan = sandbox.unconfined_plan(workload)
        plan |= {
            "limits": dataclasses.asdict(workload.limits),
            "limiter": self._limiter.name,
            "own_user": self._own_user,
            "listen": workload.listen,
            "forwards": [dataclasses.asdict(forward) for forward in workload.forwards],
        }
        (folder / runfolder.WORKLOAD).write_text(codec.to_json(workload))
        runfolder.write_json(str(folder), runfolder.PLAN, plan)
        state = {
            "run_id": folder.name,
            "state": RunState.QUEUED,
            "labels": workload.labels,
            "queued": time.time(),
            "address": f"127.0.0.1:{port}" if port else None,
            "limiter": self._limiter.name,
        }
        (folder / runfolder.LOG).touch(mode=0o600)
        runfolder.write_json(str(folder), runfolder.STATE, state)

    def _spawn(self, folder: Path, listener: int | None) -> None:
        words = _python("shim", str(folder), *([str(listener)] if listener is not None else []))
        with (folder / "shim.log").open("wb") as output:
            done = subprocess.run(
                words,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[listener] if listener is not None else [],
                timeout=_STARTING_SECONDS,
                check=False,
            )
        if done.returncode:
            said = (folder / "shim.log").read_text(errors="replace").strip().splitlines()
            raise EngineError(f"the run's shim did not start: {said[-1] if said else 'no reason'}")

    def _folder(self, run_id: str) -> Path:
        folder = self._runs / run_id
        if folder.parent != self._runs or not (folder / runfolder.STATE).is_file():
            raise KeyError(run_id)
        return folder

    def _record(self, run_id: str) -> dict:
        folder = self._folder(run_id)
        record = runfolder.read_json(str(folder), runfolder.STATE)
        if record["state"] in runfolder.ENDED or _shim_lives(record):
            return record
        # It may have written its end between our two looks.
        record = runfolder.read_json(str(folder), runfolder.STATE)
        return record if record["state"] in runfolder.ENDED else self._bury(folder, record)

    def _bury(self, folder: Path, record: dict) -> dict:
        """The shim died without a word: its sandbox died with it; write that down."""
        limits.by_name(record["limiter"])(folder.name).close()
        record |= {
            "state": RunState.LOST,
            "reason": "lost",
            "detail": "the process that watched the run is gone",
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
        self._signal_shim(record, signal.SIGTERM)
        status = self.wait(run_id, timeout=grace + 10.0)
        if status.alive:  # the shim itself hangs; its death takes the sandbox along
            self._signal_shim(record, signal.SIGKILL)
            status = self.wait(run_id, timeout=5.0)
        return status

    def _signal_shim(self, record: dict, number: int) -> None:
        shim = record.get("shim")
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
        until = time.monotonic() + timeout
        while True:
            status = self.status(run_id)
            if not status.alive or time.monotonic() > until:
                return status
            time.sleep(_POLL_SECONDS)

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
        limiter = limits.by_name(record["limiter"])(run_id)
        return Usage(*limiter.usage(record["init_pid"]))

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
        self._signal_shim(record, signal.SIGUSR1)

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
        return RunMounts(self._folder(run_id), _python("livemount"))

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
        until = time.monotonic() + _STARTING_SECONDS
        while not (record.get("init_pid") and procs.children(record["init_pid"])):
            if record["state"] in runfolder.ENDED or time.monotonic() > until:
                raise EngineError(f"run {run_id} has no sandbox to mount into")
            time.sleep(_POLL_SECONDS)
            record = self._record(run_id)
        return record

    def log_path(self, run_id: str) -> Path:
        """The file that has the run's newest stdout and stderr (older: `older_log_path`)."""
        return self._folder(run_id) / runfolder.LOG

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
        shutil.rmtree(self._folder(run_id))


def _new_run_id() -> str:
    """A name no other run has, that sorts by time."""
    now = time.time_ns()
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now // 10**9))
    return f"{moment}-{now % 10**9:09d}-{secrets.token_hex(3)}"


def _shim_lives(record: dict) -> bool:
    shim = record.get("shim")
    if shim is None:  # queued: its shim is being started
        return time.time() - record["queued"] < _STARTING_SECONDS
    return procs.is_alive(shim)
