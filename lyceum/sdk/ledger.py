"""What this machine remembers of unfinished uploads: ``~/.cache/lyceum/uploads.json``.

With it the same command, run again after anything, goes on where the last one ended.
Losing the file costs only that.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lyceum.sdk.errors import LyceumError
from lyceum.sdk.local_files import LocalFile

_SAVE_SECONDS = 1.0
_SAVE_SHARE = 20  # a long list is saved more rarely
_KEEP_SECONDS = 30 * 24 * 3600


@dataclass
class Sent:
    """One file of an unfinished upload: which it was, and where it goes on."""

    source: str
    size: int
    mtime_ns: int
    url: str

    @property
    def upload_id(self) -> str:
        return self.url.rstrip("/").rpartition("/")[2]

    def is_of(self, file: LocalFile) -> bool:
        """Whether ``file`` is still what was sent from."""
        was = (self.source, self.size, self.mtime_ns)
        return was == (str(file.source.resolve()), file.size, file.mtime_ns)


@dataclass
class Entry:
    """An unfinished command: its draft and its files by place in the dataset.

    ``before`` is the newest dataset, or version, when it began; ``is_asking`` says
    that the platform was asked to make the next, whose answer may have got lost.
    """

    draft: str
    before: int
    is_asking: bool = False
    files: dict[str, Sent] = field(default_factory=dict)
    touched: float = 0.0

    @classmethod
    def read(cls, told: dict[str, Any]) -> Entry:
        files = {path: Sent(**sent) for path, sent in told["files"].items()}
        return cls(**{**told, "files": files})


class Ledger:
    """One target's line in the file at ``place``; see :func:`opened`."""

    def __init__(self, place: Path, target: str) -> None:
        self._place = place
        self._target = target
        self._next_save = 0.0
        self._lock = threading.RLock()
        self.entry = self._read().get(target)

    def begin(self, draft: str, before: int) -> Entry:
        """A new entry instead of the one there was."""
        self.entry = Entry(draft, before)
        self.save()
        return self.entry

    def remember(self, entry: Entry, file: LocalFile, url: str, *, now: bool) -> None:
        """``file`` of ``entry`` goes to ``url``. Unless ``now``, the disk hears of it within
        some seconds, as writing it for each of thousands of small files would take
        longer than sending them. Any thread may call it."""
        source = str(file.source.resolve())
        with self._lock:
            entry.files[file.path] = Sent(source, file.size, file.mtime_ns, url)
            if now or time.monotonic() > self._next_save:
                self.save()

    def forget(self) -> None:
        """The command is through."""
        self.entry = None
        self.save()

    def save(self) -> None:
        began = time.monotonic()
        with self._lock, FileLock(f"{self._place}.lock"):
            entries = self._read()
            entries.pop(self._target, None)
            oldest = time.time() - _KEEP_SECONDS
            entries = {key: kept for key, kept in entries.items() if kept.touched > oldest}
            if self.entry:
                self.entry.touched = time.time()
                entries[self._target] = self.entry
            text = json.dumps({key: asdict(kept) for key, kept in entries.items()})
            fresh = self._place.with_name(f"{self._place.name}.new")
            fresh.write_text(text)
            fresh.replace(self._place)
        now = time.monotonic()
        self._next_save = now + max(_SAVE_SECONDS, (now - began) * _SAVE_SHARE)

    def _read(self) -> dict[str, Entry]:
        try:
            told = json.loads(self._place.read_text())
            return {target: Entry.read(entry) for target, entry in told.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}


def default_place() -> Path:
    """Where the XDG base directories put it (``~/.cache`` unless told otherwise)."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "lyceum" / "uploads.json"


@contextmanager
def opened(place: Path, target: str) -> Iterator[Ledger]:
    """The ledger of ``target`` (address and what is to be made), for this process only.

    Raises ``LyceumError`` with code ``already_running`` while another one sends there.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(target.encode()).hexdigest()[:16]
    try:
        with FileLock(place.with_name(f"{name}.lock"), blocking=False):
            ledger = Ledger(place, target)
            try:
                yield ledger
            finally:
                if ledger.entry:
                    ledger.save()
    except Timeout:
        sentence = "Another command is sending these files just now; wait for it or stop it."
        raise LyceumError("already_running", sentence) from None
