"""Ends a run whose folders grow past its disk limit. Standard library only."""

from __future__ import annotations

import contextlib
import os
import time

from lyceum.engine import procs

# A run over its limit from the start may go on, to clean up, while it does not grow by this.
CLEANING_ROOM = 64 << 20
_BLIND_SECONDS = 5.0  # at most, while a walk is quick; else 50 times what it takes
_ENTRY_BYTES = 1024  # what a name and its inode cost beside the file's blocks


class DiskWatch:
    """Measures the writable mounts, but only when the disk filled enough to matter.

    Walking a large work folder is dear and asking a file system how full it is
    is not: until it grew by what the run has left, the run can't be over. Others'
    deletions may hide growth, so a walk also follows now and then.
    """

    def __init__(self, mounts: list[list], limit: int | None) -> None:
        """``mounts``: ``[source, target, writable]`` each; ``limit``: bytes or ``None``."""
        self._folders = [source for source, _, writable in mounts if writable]
        self._limit = limit
        self._used = 0
        self._allowed = 0
        self._filled = 0
        self._walked_at = 0.0
        self._walk_seconds = 0.0
        self._first = True
        self._init_pid: int | None = None

    def watch(self, init_pid: int) -> None:
        """Also count what the processes of this run hold open but have deleted."""
        self._init_pid = init_pid

    def add(self, folder: str) -> None:
        """Count a folder mounted since; what is in it already is not held against the run."""
        if folder not in self._folders:
            self._folders.append(folder)
            self._first = True

    def check(self) -> tuple[str, str] | None:
        """``("disk_limit", sentence)`` when the folders passed the limit."""
        if self._limit is None or not self._folders or not self._due():
            return None
        self._measure()
        if self._first:
            self._first = False
            self._allowed = max(self._limit, self._used + CLEANING_ROOM)
        if self._used <= self._allowed:
            return None
        return "disk_limit", f"the run's files passed {self._limit // (1 << 20)} MB"

    def _due(self) -> bool:
        since = time.monotonic() - self._walked_at
        if self._first or since > max(_BLIND_SECONDS, 50 * self._walk_seconds):
            return True
        grown = _filled(self._folders) - self._filled
        return grown > self._allowed - self._used and since > 10 * self._walk_seconds

    def _measure(self) -> None:
        began = time.monotonic()
        self._filled = _filled(self._folders)
        self._used = sum(size_of(folder) for folder in self._folders)
        if self._init_pid is not None:
            self._used += deleted_bytes(procs.members(self._init_pid), _devices(self._folders))
        self._walked_at = time.monotonic()
        self._walk_seconds = self._walked_at - began


def _filled(folders: list[str]) -> int:
    """Bytes in use on the file systems of ``folders``."""
    systems = {}
    for folder in folders:
        try:
            told = os.statvfs(folder)
        except OSError:
            continue
        used = (told.f_blocks - told.f_bfree) * told.f_frsize
        systems[told.f_fsid] = used + (told.f_files - told.f_ffree) * _ENTRY_BYTES
    return sum(systems.values())


def _devices(folders: list[str]) -> set[int]:
    devices = set()
    for folder in folders:
        with contextlib.suppress(OSError):
            devices.add(os.lstat(folder).st_dev)
    return devices


def deleted_bytes(pids: list[int], devices: set[int]) -> int:
    """Bytes on these devices of files that ``pids`` keep open or mapped with no name left."""
    sizes = {}
    for pid in pids:
        for kind in ("fd", "map_files"):
            with contextlib.suppress(OSError):
                for name in os.listdir(f"/proc/{pid}/{kind}"):
                    with contextlib.suppress(OSError):
                        info = os.stat(f"/proc/{pid}/{kind}/{name}")
                        if info.st_nlink == 0 and info.st_dev in devices:
                            sizes[info.st_dev, info.st_ino] = info.st_blocks * 512
    return sum(sizes.values())


def size_of(folder: str) -> int:
    """Bytes on disk of ``folder`` and all below, links not followed, other mounts left out."""
    try:
        device = os.lstat(folder).st_dev
    except OSError:
        return 0
    total, seen, waiting = 0, set(), [folder]
    while waiting:
        try:
            entries = os.scandir(waiting.pop())
        except OSError:
            continue
        with entries:
            for entry in entries:
                try:
                    info = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if info.st_dev != device or (info.st_nlink > 1 and info.st_ino in seen):
                    continue
                total += info.st_blocks * 512 + _ENTRY_BYTES
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif info.st_nlink > 1:
                    seen.add(info.st_ino)
    return total
