"""Real sandboxed runs over a platform folder of the test's own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lyceum import unpacking
from lyceum.unpacking import Look, State

MB = 1 << 20
BOUNDS = {"most_bytes": 50 * MB, "most_files": 50, "path_length": 200}


@dataclass(frozen=True)
class Unpacked:
    """How a run ended, what it unpacked by path, and how many bytes it had written."""

    look: Look
    files: dict[str, bytes]
    left: int

    @property
    def refusal(self) -> tuple[str, str | int | None]:
        """The code, and the entry or number that it names."""
        assert self.look.state == State.FAILED, self.look
        return self.look.code, next(iter(self.look.params.values()), None)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = tmp_path / "platform"
    monkeypatch.setenv("LYCEUM_HOME", str(root))
    yield root
    for run in unpacking.running():
        unpacking.stop(run.run_id)


@pytest.fixture
def unpack(home: Path, tmp_path: Path) -> Callable[..., Unpacked]:
    """Unpacks bytes, or the archive at a path, to the end."""
    place = tmp_path / "archive"

    def run(archive: bytes | Path, **bounds: int) -> Unpacked:
        if isinstance(archive, bytes):
            place.write_bytes(archive)
        path = place if isinstance(archive, bytes) else archive
        folder = home / "unpackings" / os.urandom(4).hex()
        run_id = unpacking.start(
            path, folder, bounds=unpacking.bounds(**(BOUNDS | bounds)), labels={}
        )
        look = ended(run_id, folder)
        found = unpacking.found(folder) if (folder / "files").is_dir() else []
        kept = found if look.state == State.DONE else []
        files = {each.path: each.place.read_bytes() for each in kept}
        unpacking.forget(run_id, folder)
        return Unpacked(look, files, sum(each.size for each in found))

    return run


def ended(run_id: str, folder: Path, *, timeout: float = 60) -> Look:
    until = time.monotonic() + timeout
    while (look := unpacking.look(run_id, folder)).state == State.RUNNING:
        assert time.monotonic() < until, look
        time.sleep(0.02)
    return look
