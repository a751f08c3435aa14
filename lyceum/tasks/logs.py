"""A task's log, read in pieces: what a reader looks at is small, the log may be large.

The shim keeps a node's log in two files (`engine.logfile`): ``log``, and ``log.1`` with
what came before. :class:`Log` is both as one row of bytes, of which offsets are handed
out to readers. They hold until the older file is dropped for a newer one: then ``epoch``
is another. Each line that a member wrote begins with its name: ``[trainer-0] text``;
``[lyceum]`` are the launcher's own (`runtime.launcher`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from lyceum.common.errors import NotFound
from lyceum.engine import task_engine
from lyceum.engine.logfile import DROPPED
from lyceum.tasks import folders
from lyceum.tasks.models import Task

PIECE_BYTES = 32 * 1024
"""A piece for a reader has about so many bytes of text …"""
PIECE_LINES = 250
"""… and so many lines at most."""
SCAN_BYTES = 8 * 1024 * 1024
"""So much is read for one piece before what was found so far is answered."""
LINE_BYTES = 64 * 1024
"""The launcher breaks longer lines."""

_BLOCK = 256 * 1024
_LONGEST = 2 * LINE_BYTES
_LARGE_BLOCK = 1024 * 1024
_TRIES = 20
_NAME = rb"(?:trainer|pserver)-\d+"
_MEMBER = re.compile(rb"\[(" + _NAME + rb")\] ")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the log of one attempt on one node is; ``name`` is the node's."""

    attempt: int
    node: int
    name: str
    newest: Path

    @property
    def older(self) -> Path:
        return self.newest.with_name(f"{self.newest.name}.1")


def attempts(task: Task) -> range:
    """The numbers of its starts, the first one first; empty while it is queued."""
    return range(1, task.attempt + 1)


def sources_of(task: Task, attempt: int) -> list[Source]:
    """The logs of one attempt, a node each: of its run, or archived; empty when lost."""
    if task.archived:
        return _archived(task.pk, attempt)
    try:
        nodes = task_engine().logs(folders.run_id(task.pk, attempt))
    except KeyError:
        return _archived(task.pk, attempt)
    # By name, as they are once they are archived: readers know them by their numbers.
    known = sorted((name, _newest(files[-1])) for name, files in nodes if files)
    return [Source(attempt, number, *each) for number, each in enumerate(known)]


def _newest(file: Path) -> Path:
    """The newer file, also when just the older one is there: the shim renames it first."""
    return file.with_suffix("") if file.suffix == ".1" else file


def _archived(task_id: int, attempt: int) -> list[Source]:
    prefix = f"{attempt}-"
    files = folders.logs(task_id).glob(f"{prefix}*.log")
    known = sorted((path.stem.removeprefix(prefix), path) for path in files)
    return [Source(attempt, number, *each) for number, each in enumerate(known)]


@dataclass(frozen=True, slots=True)
class _Segment:
    file: BinaryIO
    start: int
    size: int


class Log:
    """One node's log as it was when it was opened: ``size`` bytes in whole lines, but for
    the last one. ``epoch`` names what its offsets count from."""

    def __init__(self, segments: list[_Segment], epoch: str, head: bytes = b"") -> None:
        self._segments = segments
        self._head = head
        self.epoch = epoch
        self.size = len(head) + sum(segment.size for segment in segments)

    def read(self, start: int, length: int) -> bytes:
        """Up to ``length`` bytes from byte ``start``."""
        found = [self._head[start : start + length]]
        place = len(self._head)
        for segment in self._segments:
            begin = max(start - place, 0)
            end = min(start + length - place, segment.size)
            if begin < end:
                found.append(os.pread(segment.file.fileno(), end - begin, segment.start + begin))
            place += segment.size
        return b"".join(found)

    def line_at(self, offset: int) -> int:
        """Where the line that has byte ``offset`` begins."""
        offset = min(max(offset, 0), self.size)
        begin = max(offset - _LONGEST, 0)
        found = self.read(begin, offset - begin).rfind(b"\n")
        return begin + found + 1 if found >= 0 else begin


@contextmanager
def opened(source: Source) -> Iterator[Log]:
    """The log as it is now; ``NotFound`` when it is not there (any more).

    Reading goes on in what was opened, whatever the shim drops meanwhile.
    """
    newest, older = _open_both(source)
    try:
        yield _joined(newest, older)
    finally:
        newest.close()
        if older is not None:
            older.close()


def _open_both(source: Source) -> tuple[BinaryIO, BinaryIO | None]:
    """Both files of one moment: the shim may rename them between our two calls."""
    for _attempt in range(_TRIES):
        try:
            newest = source.newest.open("rb")
        except FileNotFoundError:  # between a rename and the next file
            continue
        older = _open_older(source)
        if _is_still(source.newest, newest):
            return newest, older
        newest.close()
        if older is not None:
            older.close()
    raise NotFound("no_log", _("This log is not there any more."))


def _open_older(source: Source) -> BinaryIO | None:
    try:
        return source.older.open("rb")
    except FileNotFoundError:
        return None


def _is_still(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _joined(newest: BinaryIO, older: BinaryIO | None) -> Log:
    size = os.fstat(newest.fileno()).st_size
    if older is None:
        return Log([_Segment(newest, 0, size)], "0")
    about = os.fstat(older.fileno())
    notice = os.pread(newest.fileno(), len(DROPPED), 0) == DROPPED
    if not notice:
        return Log([_Segment(older, 0, about.st_size), _Segment(newest, 0, size)], "0")
    # The notice stands where the newer file begins; it is about what came before the older,
    # whose first line has lost its beginning.
    begin = os.pread(older.fileno(), _LONGEST, 0).find(b"\n") + 1
    skipped = len(DROPPED)
    segments = [
        _Segment(older, begin, about.st_size - begin),
        _Segment(newest, skipped, size - skipped),
    ]
    return Log(segments, f"{about.st_mtime_ns:x}", DROPPED)


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of a log: those (of the member asked for) between bytes ``start`` and ``end``."""

    start: int
    end: int
    text: str


def after(log: Log, start: int, *, member: str = "", unfinished: bool = False) -> Piece:
    """The lines from byte ``start`` on, which begins a line; of ``member`` alone, if given.

    A line that is still being written waits, unless ``unfinished`` lines are wanted too
    (of a log that has ended). ``end`` is where to go on, ``log.size`` at its end.
    """
    prefix = prefix_of(member)
    found: list[bytes] = []
    bytes_found = 0
    place = start
    while place < log.size and place - start < SCAN_BYTES:
        lines = _whole_lines(log, place, unfinished)
        if not lines:
            break
        for line in lines:
            place += len(line)
            if line.startswith(prefix):
                found.append(line)
                bytes_found += len(line)
            if len(found) >= PIECE_LINES or bytes_found >= PIECE_BYTES:
                return Piece(start, place, _text(found))
    return Piece(start, place, _text(found))


def before(log: Log, end: int, *, member: str = "") -> Piece:
    """The lines up to byte ``end``, which ends a line: as :func:`after`, backwards."""
    prefix = prefix_of(member)
    found: list[bytes] = []
    bytes_found = 0
    place = end
    while place > 0 and end - place < SCAN_BYTES:
        begin = log.line_at(max(place - _BLOCK, 0))
        for line in reversed(split_lines(log.read(begin, place - begin))):
            place -= len(line)
            if line.startswith(prefix):
                found.append(line)
                bytes_found += len(line)
            if len(found) >= PIECE_LINES or bytes_found >= PIECE_BYTES:
                return Piece(place, end, _text(found[::-1]))
    return Piece(place, end, _text(found[::-1]))


def member_names(task: Task) -> list[str]:
    """The members of the task's gang, as its log names them."""
    trainers = [f"trainer-{index}" for index in range(task.trainers)]
    return [*trainers, *(f"pserver-{index}" for index in range(task.pservers))]


def member_of(line: bytes) -> str:
    """The member that wrote a line; empty for the launcher and where none is named."""
    found = _MEMBER.match(line)
    return found[1].decode() if found else ""


def members_in(log: Log) -> list[str]:
    """The members that wrote into the log's beginning or end, by name."""
    tail = log.line_at(max(log.size - PIECE_BYTES, 0))
    lines = split_lines(log.read(0, PIECE_BYTES)) + split_lines(log.read(tail, PIECE_BYTES))
    return sorted({member_of(line) for line in lines} - {""})


def texts(log: Log, member: str) -> Iterator[bytes]:
    """All lines of ``member`` without its name; with none, the lines that are nobody's."""
    # A literal first is what `re` finds quickly.
    start = re.escape(f"\n[{member}] ".encode()) if member else rb"\n(?!\[" + _NAME + rb"\] )"
    pattern = re.compile(start + rb"([^\n]*)")
    place = 0
    while data := block_of_lines(log, place):
        place += len(data)
        if found := pattern.findall(b"\n" + data.removesuffix(b"\n")):
            yield b"\n".join(found) + b"\n"


def block_of_lines(log: Log, place: int) -> bytes:
    """A large block of whole lines from byte ``place`` on; the log's last may be unfinished."""
    data = log.read(place, _LARGE_BLOCK)
    if place + len(data) >= log.size:
        return data
    return data[: data.rfind(b"\n", -_LONGEST) + 1] or data


def prefix_of(member: str) -> bytes:
    """What each line of ``member`` begins with; nothing for those of all."""
    return f"[{member}] ".encode() if member else b""


def _whole_lines(log: Log, place: int, unfinished: bool) -> list[bytes]:
    data = log.read(place, _BLOCK)
    lines = split_lines(data)
    is_all = place + len(data) >= log.size
    # Longer than any line of the launcher's: whoever wrote it ends none.
    is_endless = len(lines) == 1 and len(data) > _LONGEST
    if lines and not lines[-1].endswith(b"\n") and not is_endless and not (is_all and unfinished):
        lines.pop()
    return lines


def split_lines(data: bytes) -> list[bytes]:
    """Lines by ``\\n`` alone, each with it (``splitlines`` knows others)."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _text(lines: list[bytes]) -> str:
    return b"".join(lines).decode(errors="replace")
