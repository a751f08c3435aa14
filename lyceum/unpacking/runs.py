"""Starting, watching and ending the sandboxed program that unpacks one archive."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

import rarfile

from lyceum.engine import local_engine
from lyceum.engine.base import Status
from lyceum.engine.workload import Limits, Mount, RunState, Workload
from lyceum.limits import limit
from lyceum.runtime import unpack
from lyceum.runtime.unpack.bounds import Bounds
from lyceum.runtime.unpack.progress import PROGRESS, RESULT

KIND = "unpacking"
_MEGABYTE = 1024 * 1024
_ARCHIVE = PurePosixPath("/unpack/archive")
_FOLDER = PurePosixPath("/unpack/folder")
_PROGRAM = PurePosixPath("/opt/lyceum/unpack")
_RARFILE = PurePosixPath("/opt/lyceum/rarfile.py")
# Beside the files' bytes: folders, the last block of each file, progress.json.
_DISK_BYTES_A_FILE = 64 * 1024
_MOST_TOLD_BYTES = 64 * 1024
_CODE = re.compile(r"[a-z_]{1,40}")
_LONGEST_TEXT = 200
_ENDINGS = {
    "out_of_memory": "no_memory",
    "time_limit": "too_slow",
    "disk_limit": "no_space",
    "process_limit": "crashed",
    "exit": "crashed",
    "signal": "crashed",
    "lost": "lost",
    "not_started": "not_started",
}


class State(StrEnum):
    """What a run is doing."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Look:
    """A run as it is now.

    ``files`` and ``bytes`` are written so far; ``total`` bytes are expected, ``None``
    before that is known. When it has failed, ``code`` says why and ``params`` are
    what its sentence needs; both come out of the sandbox or stand for the engine's
    reason: ``no_memory``, ``too_slow``, ``no_space``, ``crashed``, ``lost``,
    ``not_started``. ``detail`` is for the operator's log.
    """

    state: State
    files: int = 0
    bytes: int = 0
    total: int | None = None
    code: str = ""
    params: Mapping[str, int | str] = field(default_factory=dict)
    detail: str = ""


def start(archive: Path, folder: Path, *, bounds: Bounds, labels: Mapping[str, str]) -> str:
    """Begin to unpack ``archive`` into ``folder``, which must not be there; the run's id.

    The run goes on whatever becomes of the caller. Raises ``EngineError``.
    """
    folder.mkdir(parents=True, mode=0o700)
    words = [os.path.realpath(sys.executable), "-I", "-S", "-B"]
    words += [str(place) for place in (_PROGRAM, _ARCHIVE, _FOLDER, _RARFILE)]
    workload = Workload(
        argv=(*words, json.dumps(dataclasses.asdict(bounds))),
        name=f"unpack {archive.name}",
        mounts=(
            Mount(archive, _ARCHIVE),
            Mount(folder, _FOLDER, writable=True),
            Mount(Path(unpack.__file__).parent, _PROGRAM),
            Mount(Path(rarfile.__file__), _RARFILE),
            *_interpreter_mounts(),
        ),
        limits=Limits(
            cpus=1,
            memory_bytes=limit("unpack_memory_mb") * _MEGABYTE,
            processes=16,
            open_files=64,
            wall_seconds=limit("unpack_minutes") * 60,
            disk_bytes=bounds.total_bytes + bounds.files * _DISK_BYTES_A_FILE,
            log_bytes=_MEGABYTE,
        ),
        labels={**labels, "kind": KIND},
    )
    try:
        return local_engine().start(workload)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def look(run_id: str, folder: Path) -> Look:
    """The run that unpacks into ``folder``, as it is now."""
    try:
        status = local_engine().status(run_id)
    except KeyError:
        return Look(State.FAILED, code="lost")
    numbers = _numbers(folder)
    if status.alive:
        return Look(State.RUNNING, **numbers)
    if status.state == RunState.STOPPED:
        return Look(State.STOPPED, **numbers)
    result = _told(folder, RESULT)
    if "code" in result:
        return Look(State.FAILED, **numbers, **_refusal(result), detail=_last_words(run_id))
    if status.state == RunState.SUCCEEDED:
        return Look(State.DONE, _number(result, "files") or 0, _number(result, "bytes") or 0)
    return Look(State.FAILED, **numbers, code=_code(status), detail=_last_words(run_id))


def stop(run_id: str) -> None:
    """End the run and wait until it has; fine when it has ended or is unknown."""
    with contextlib.suppress(KeyError):
        local_engine().stop(run_id, grace=0)


def forget(run_id: str, folder: Path) -> None:
    """End the run, and remove its folder and ``folder`` with all that was unpacked."""
    stop(run_id)
    with contextlib.suppress(KeyError):
        local_engine().remove(run_id)
    shutil.rmtree(folder, ignore_errors=True)


def running() -> list[Status]:
    """Every unpacking run whose folder still exists, newest first."""
    return [run for run in local_engine().runs() if run.labels.get("kind") == KIND]


def _interpreter_mounts() -> list[Mount]:
    """The Python that the platform's own environment is made from, where it is no part
    of the system; uv's are reached through a folder that is itself a link."""
    named = Path(sys.base_prefix)
    folders = [each for each in {named, named.resolve()} if not each.is_relative_to("/usr")]
    return [Mount(folder, PurePosixPath(folder)) for folder in folders]


def _code(status: Status) -> str:
    return _ENDINGS.get(status.reason or "", "crashed")


def _last_words(run_id: str) -> str:
    lines = local_engine().log_path(run_id).read_text(errors="replace").strip().splitlines()
    return lines[-1][:_LONGEST_TEXT] if lines else ""


def _numbers(folder: Path) -> dict[str, int | None]:
    told = _told(folder, PROGRESS)
    return {
        "files": _number(told, "files") or 0,
        "bytes": _number(told, "bytes") or 0,
        "total": _number(told, "total"),
    }


def _number(told: dict, name: str) -> int | None:
    value = told.get(name)
    return value if type(value) is int and 0 <= value < 1 << 63 else None


def _refusal(result: dict) -> dict:
    code, params = result["code"], result.get("params")
    if not isinstance(code, str) or not _CODE.fullmatch(code) or not isinstance(params, dict):
        return {"code": "crashed"}
    kept: dict[str, int | str] = {}
    for name in ("entry", "most", "ratio"):
        if isinstance(params.get(name), str):
            kept[name] = params[name][:_LONGEST_TEXT]
        elif _number(params, name) is not None:
            kept[name] = params[name]
    return {"code": code, "params": kept}


def _told(folder: Path, name: str) -> dict:
    """What the program wrote into ``name``; empty when that is no small JSON object.

    Whoever took the program over may have put a link, a pipe or a huge file there.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(folder / name, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return {}
            value = json.loads(file.read(_MOST_TOLD_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
