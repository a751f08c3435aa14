"""What is mounted in a run, and changing that while it goes on.

`LIVE_MOUNTS` in the run's folder has ``mounts``: ``[source, target, writable]`` of
each mount added since the start, and ``gone``: targets of mounts of the start that
were taken away.
"""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from lyceum.engine import codec, runfolder, sandbox
from lyceum.engine.base import EngineError
from lyceum.engine.workload import Mount, Workload

_SECONDS = 15.0


class RunMounts:
    """The mounts of one run; ``livemount`` is the command that starts that program."""

    def __init__(self, folder: Path, livemount: Sequence[str]) -> None:
        self._folder = folder
        self._livemount = livemount

    def now(self) -> list[Mount]:
        """What is seen inside; of mounts on each other, the uppermost."""
        shown = {mount.target: mount for mount in [*self._first(), *self._added()]}
        return list(shown.values())

    def attach(self, mount: Mount, *, init_pid: int, host_uid: int | None) -> None:
        """Mount in the sandbox of ``init_pid``; raises `EngineError`."""
        with self._locked():
            sandbox.check(replace(self._workload(), mounts=(mount,)))
            around = (mount, *self._first(), *self._added())
            sandbox.make_mount_points(around, only=mount)
            access = "rw" if mount.writable else "ro"
            user = "-" if host_uid is None else str(host_uid)
            target = str(mount.target)
            self._call("attach", str(init_pid), target, str(mount.source), access, user)
            self._write([*self._added(), mount], self._gone())

    def detach(self, target: PurePosixPath, *, init_pid: int) -> None:
        """Unmount what the run has at ``target``; raises `EngineError`."""
        with self._locked():
            present = [*self._first(), *self._added()]
            here = [mount for mount in present if mount.target == target]
            if not here:
                raise EngineError(f"nothing is mounted at {target}")
            if any(target in mount.target.parents for mount in present):
                raise EngineError(f"other mounts are in {target}")
            self._call("detach", str(init_pid), str(target), str(len(here)))
            kept = [mount for mount in self._added() if mount.target != target]
            self._write(kept, self._gone() | {str(target)})

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder / "live_mounts.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _call(self, *words: str) -> None:
        try:
            done = subprocess.run(
                [*self._livemount, *words],
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"changing the sandbox's mounts took over {_SECONDS} s") from error
        if done.returncode:
            raise EngineError(done.stderr.strip().splitlines()[-1])

    def _workload(self) -> Workload:
        return codec.from_json((self._folder / runfolder.WORKLOAD).read_text())

    def _first(self) -> list[Mount]:
        gone = self._gone()
        return [mount for mount in self._workload().mounts if str(mount.target) not in gone]

    def _added(self) -> list[Mount]:
        live = runfolder.live_mounts(str(self._folder))
        return [Mount(Path(source), PurePosixPath(at), writable) for source, at, writable in live]

    def _gone(self) -> set[str]:
        return set(runfolder.unmounted(str(self._folder)))

    def _write(self, added: list[Mount], gone: set[str]) -> None:
        mounts = [[str(mount.source), str(mount.target), mount.writable] for mount in added]
        changes = {"mounts": mounts, "gone": sorted(gone)}
        runfolder.write_json(str(self._folder), runfolder.LIVE_MOUNTS, changes)
