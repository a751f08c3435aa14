"""A task's output and log as ``tar.gz``, made while they are sent.

Nothing is kept in memory or on the disk meanwhile, whatever the size (guide, 历史任务:
``<task id>_output.tar.gz``, ``<task id>_log.tar.gz``).
"""

from __future__ import annotations

import os
import posixpath
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lyceum.common.errors import NotFound
from lyceum.projects import workfolder
from lyceum.tasks import folders, logs
from lyceum.tasks.logs import Log
from lyceum.tasks.models import Task

_BLOCK = 1024 * 1024
_SEND_BYTES = 64 * 1024
_LEVEL = 3
_GZIP = zlib.MAX_WBITS | 16


def output_name(task_id: int) -> str:
    """The file name of :func:`output_archive`."""
    return f"{task_id}_output.tar.gz"


def log_name(task_id: int) -> str:
    """The file name of :func:`log_archive`."""
    return f"{task_id}_log.tar.gz"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of an archive (or a link, with ``target``); ``chunks`` gives ``size`` bytes."""

    name: str
    size: int = 0
    modified: float = 0.0
    mode: int = 0o644
    target: str = ""
    chunks: Callable[[], Iterator[bytes]] = lambda: iter(())

    def header(self) -> bytes:
        about = tarfile.TarInfo(self.name)
        about.size = self.size
        about.mtime = self.modified
        about.mode = self.mode
        if self.target:
            about.type = tarfile.SYMTYPE
            about.linkname = self.target
        return about.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def output_archive(task: Task) -> Iterator[bytes]:
    """``output/`` with what the task has left (so far): files, and links within it.

    Files are hostile, and may change while they are read: of each, as many bytes are
    sent as it had when its turn came.
    """
    return _tar_gz(_output_entries(task))


def log_archive(task: Task) -> Iterator[bytes]:
    """Each member's log by itself (``trainer-0.log``) and what the launcher said
    (``lyceum.log``); in a folder for each attempt when there were several."""
    return _tar_gz(_log_entries(task))


def _tar_gz(entries: Iterator[_Entry]) -> Iterator[bytes]:
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    waiting = bytearray()
    for chunk in _tar(entries):
        waiting += packer.compress(chunk)
        if len(waiting) >= _SEND_BYTES:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting) + packer.flush()


def _tar(entries: Iterator[_Entry]) -> Iterator[bytes]:
    for entry in entries:
        yield entry.header()
        yield from _exactly(entry.chunks(), entry.size)
        yield bytes(-entry.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _exactly(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """``size`` bytes, as the header has promised, though the file has changed since."""
    for chunk in chunks:
        yield chunk[:size]
        size -= min(len(chunk), size)
        if not size:
            return
    while size:
        yield bytes(min(size, _BLOCK))
        size -= min(size, _BLOCK)


def _output_entries(task: Task) -> Iterator[_Entry]:
    root = folders.output(task.pk)
    with suppress(NotFound):  # nothing has been written yet
        for found in workfolder.walk(root):
            with suppress(NotFound):  # it is gone again
                yield from _entries(root, found)


def _entries(root: Path, found: workfolder.Entry) -> Iterator[_Entry]:
    if found.kind == "link":
        entry = _link(found, workfolder.read_link(root, found.path))
        if entry:
            yield entry
    elif found.kind == "file":
        with workfolder.open_file(root, found.path) as file:
            about = os.fstat(file.fileno())
            mode = 0o755 if about.st_mode & 0o100 else 0o644
            name = f"output/{found.path}"
            yield _Entry(name, about.st_size, about.st_mtime, mode, chunks=lambda: _read(file))


def _link(found: workfolder.Entry, target: str) -> _Entry | None:
    """A link that leads to something else of the output; others would lead astray."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(found.path), target))
    if target.startswith("/") or place == ".." or place.startswith("../"):
        return None
    return _Entry(f"output/{found.path}", modified=found.modified, mode=0o777, target=target)


def _read(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_BLOCK):
        yield chunk


def _log_entries(task: Task) -> Iterator[_Entry]:
    numbers = logs.attempts(task)
    for attempt in numbers:
        folder = f"attempt-{attempt}/" if len(numbers) > 1 else ""
        sources = logs.sources_of(task, attempt)
        for source in sources:
            rest = f"lyceum-{source.name}.log" if len(sources) > 1 else "lyceum.log"
            with suppress(NotFound), logs.opened(source) as log:
                for member in logs.member_names(task):
                    yield from _part(log, f"{folder}{member}.log", member)
                yield from _part(log, f"{folder}{rest}", "")


def _part(log: Log, name: str, member: str) -> Iterator[_Entry]:
    """What one member wrote, if anything; its log is read once for how much that is."""
    size = sum(len(text) for text in logs.texts(log, member))
    if size or not member:
        yield _Entry(name, size, time.time(), chunks=lambda: logs.texts(log, member))
