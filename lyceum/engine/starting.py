"""Makes a run's folder and starts its shim."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import lyceum
from lyceum.engine import codec, gangs, runfolder, sandbox
from lyceum.engine.base import EngineError
from lyceum.engine.workload import Mount, RunState, Workload

log = logging.getLogger(__name__)

STARTING_SECONDS = 15.0
_LOCK = "start.lock"
_PACKAGES = str(Path(lyceum.__file__).resolve().parents[1])
# -I -S: nothing of the user's site or environment, and half the start-up time.
_BOOT = (
    "import sys; sys.path.append({path!r}); "
    "from lyceum.engine.{module} import main; main(sys.argv[1:])"
)


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs ``main`` of a module of this package, soon."""
    boot = _BOOT.format(path=_PACKAGES, module=module)
    return [sys.executable, "-I", "-S", "-c", boot, *arguments]


@dataclass(frozen=True, slots=True)
class Means:
    """How an engine holds its runs: in sandboxes or not, and limited by what kind."""

    confined: bool
    limiter: str
    own_user: bool


def prepare(
    folder: Path,
    workload: Workload,
    means: Means,
    *,
    port: int | None = None,
    repeatable: bool = False,
) -> None:
    """Write all that the shim needs into ``folder``, its state last.

    The members of a gang must be `gangs.resolved`. ``port``: of `Engine.address`;
    ``repeatable``: whoever starts it comes back to it, so it may wait for that for ever.
    Raises `EngineError` and `SandboxUnavailable` as `Engine.start` does.
    """
    plan = _plan(folder, workload, means) | {
        "limiter": means.limiter,
        "own_user": means.own_user,
        "listen": workload.listen,
        "forwards": [asdict(forward) for forward in workload.forwards],
    }
    name = str(folder)
    runfolder.write_text(name, runfolder.WORKLOAD, codec.to_json(workload))
    runfolder.write_json(name, runfolder.PLAN, plan)
    (folder / runfolder.LOG).touch(mode=0o600)
    state = {
        "run_id": folder.name,
        "state": RunState.QUEUED,
        "labels": workload.labels,
        "queued": time.time(),
        "repeatable": repeatable,
        "address": f"127.0.0.1:{port}" if port else None,
        "limiter": means.limiter,
        # Another platform on this machine may have a run of the same name.
        "group": f"{folder.name}-{secrets.token_hex(4)}" if repeatable else folder.name,
        "gang": len(workload.members),
    }
    runfolder.write_json(name, runfolder.STATE, state)


def _plan(folder: Path, workload: Workload, means: Means) -> dict:
    gang = len(workload.members)
    if means.confined:
        one = gangs.as_one(workload, folder) if gang else workload
        plan = sandbox.plan(one, folder)
    else:
        log.warning("LYCEUM_SANDBOX=off: %s runs with NO ISOLATION", workload.name or folder)
        on_host = sandbox.host_paths(workload.mounts)
        one = gangs.as_one(workload, folder, on_host) if gang else workload
        plan = sandbox.unconfined_plan(one)
        if gang:
            _link_inner(workload.mounts)
    return plan | {"limits": asdict(one.limits), "gang": gang}


def _link_inner(mounts: tuple[Mount, ...]) -> None:
    """Let ``./output`` lead where a mount inside another would: by a link in the outer one."""
    for mount in mounts:
        outer = sandbox.deepest_around(mount, mounts)
        if outer is None:
            continue
        path = outer.source / mount.target.relative_to(outer.target)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()
        elif path.is_dir():
            with contextlib.suppress(OSError):
                path.rmdir()
        try:
            path.symlink_to(mount.source)
        except FileExistsError:
            log.warning("%s is in the way of %s", path, mount.source)


def spawn(folder: Path, listener: int | None = None) -> None:
    """Start the shim of a prepared folder; it runs the program unless another has the claim.

    Returns once it stands on its own feet. ``listener``: the descriptor of the socket for
    `Engine.address`. Raises `EngineError` when it does not start.
    """
    words = python("shim", str(folder), *([str(listener)] if listener is not None else []))
    try:
        with (folder / "shim.log").open("ab") as output:
            done = subprocess.run(
                words,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[listener] if listener is not None else [],
                timeout=STARTING_SECONDS,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"the run's shim took over {STARTING_SECONDS:.0f} s to start") from error
    if done.returncode:
        said = (folder / "shim.log").read_text(errors="replace").strip().splitlines()
        raise EngineError(f"the run's shim did not start: {said[-1] if said else 'no reason'}")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make ``folder`` if need be, and let one starter of this machine at a time into it."""
    lock = _lock(folder)
    try:
        yield
    finally:
        lock.close()


def _lock(folder: Path) -> IO[str]:
    while True:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            lock = (folder / _LOCK).open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Whoever had it before may have given up and deleted the folder.
            if os.fstat(lock.fileno()).st_nlink:
                return lock
            lock.close()
