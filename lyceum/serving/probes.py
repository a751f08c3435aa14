"""Loading a draft's model once, or trying it on a sample: runs of the engine.

The program is the predictor's own (``inspect``, ``try``), in the sandbox a replica has.
It reads a bundle and writes ``result.json``; whoever took it over may have put anything
there, so that is read as a hostile file. No database here: a probe's state is the value
that a draft keeps (:attr:`lyceum.serving.models.Draft.inspection`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from django.utils.translation import get_language

from lyceum import environments, runtime
from lyceum.config import settings
from lyceum.engine import local_engine
from lyceum.engine.base import Status
from lyceum.engine.workload import Limits, Mount, RunState, Workload
from lyceum.limits import limit
from lyceum.projects.workfolder import Entry
from lyceum.serving.bundles import staged
from lyceum.serving.sentences import probe_ending, result_too_large

KIND = "service_probe"
RUNNING, DONE, FAILED = "running", "done", "failed"
Action = Literal["inspect", "try"]

_MEGABYTE = 1024 * 1024
_BUNDLE = PurePosixPath("/serving/bundle")
_OUT = PurePosixPath("/serving/out")
_PREDICTOR = PurePosixPath("/opt/lyceum/predictor")
_RESULT = "result.json"
_MOST_RESULT_BYTES = 4 * _MEGABYTE
_MOST_TENSORS = 200
_MOST_AXES = 32
_LONGEST_NAME = 200
_LONGEST_TEXT = 20_000
_OPEN_FILES = 1024
_SECONDS = 6 * 60  # the predictor itself gives up loading earlier, and says so
_KEPT_SECONDS = 3600


def start(
    action: Action,
    project_id: int,
    environment: str,
    files: Sequence[Entry],
    *,
    user_id: int,
    spec: Mapping[str, Any],
    converter: str = "",
    sample: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Begin a probe of a bundle made of ``files``; the state to keep.

    The run goes on whatever becomes of the caller, for six minutes at most. Raises what
    :func:`lyceum.serving.bundles.staged` does, and ``EngineError``.
    """
    with staged(project_id, files, spec=spec, converter=converter, sample=sample) as bundle:
        name = bundle.folder.name.rpartition("-")[2]
        folder = _folder(name)
        (folder / "out").mkdir(parents=True, mode=0o700)
        bundle.folder.rename(folder / "bundle")
        try:
            run_id = local_engine().start(
                _workload(action, environment, folder, project_id=project_id, user_id=user_id)
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return {"state": RUNNING, "run_id": run_id, "folder": name, "seen": bundle.digest}


def look(probe: Mapping[str, Any]) -> dict[str, Any]:
    """A probe's state as it is now; one that has ended says what it found.

    ``message`` is a sentence or the loader's own words, ``log`` the end of what the run
    printed.
    """
    if probe.get("state") != RUNNING:
        return dict(probe)
    run_id, folder = str(probe.get("run_id", "")), _folder(str(probe.get("folder", "")))
    try:
        status = local_engine().status(run_id)
    except KeyError:
        status = Status(run_id, RunState.LOST, reason="lost")
    if status.alive:
        return dict(probe)
    ended = {"seen": probe.get("seen", ""), "run_id": run_id, "log": _log(run_id)}
    try:
        result = _told(folder / "out")
    except _TooLarge:
        return {**ended, "state": FAILED, "message": result_too_large(), "traceback": ""}
    if result is None:
        return {**ended, "state": FAILED, "message": probe_ending(status.reason), "traceback": ""}
    return {**ended, **_kept(result)}


def said(probe: Mapping[str, Any]) -> str:
    """A probe's message in the reader's language, where it is a sentence of ours."""
    is_chinese = (get_language() or "").startswith("zh")
    return str((is_chinese and probe.get("message_zh")) or probe.get("message") or "")


def forget(probe: Mapping[str, Any]) -> None:
    """End a probe's run, if any, and remove its files."""
    run_id, folder = probe.get("run_id"), probe.get("folder")
    if run_id:
        with contextlib.suppress(KeyError):
            local_engine().stop(run_id, grace=0)
        with contextlib.suppress(KeyError):
            local_engine().remove(run_id)
    if folder:
        shutil.rmtree(_folder(folder), ignore_errors=True)


def running(user_id: int) -> int:
    """How many probes of a user's are at work."""
    return sum(run.alive and run.labels.get("user") == str(user_id) for run in _runs())


def tidy() -> None:
    """Remove what probes nobody asked about any more have left."""
    latest = time.time() - _KEPT_SECONDS
    for run in _runs():
        if not run.alive and (run.ended or 0) < latest:
            with contextlib.suppress(KeyError):
                local_engine().remove(run.run_id)
    for folder in _root().glob("*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < latest:
                shutil.rmtree(folder, ignore_errors=True)


def _workload(
    action: Action, environment: str, folder: Path, *, project_id: int, user_id: int
) -> Workload:
    return Workload(
        argv=(
            str(environments.python(environment)),
            "-B",
            str(_PREDICTOR / "__main__.py"),
            action,
        ),
        name=f"{action} a model of project {project_id}",
        cwd=PurePosixPath("/tmp"),  # noqa: S108 - the sandbox's own
        env={
            **environments.kernel_environment(environment, home="/tmp"),  # noqa: S108
            "HOME": "/tmp",  # noqa: S108
            # Without a sandbox (LYCEUM_SANDBOX=off) the engine puts the host's paths here.
            "LYCEUM_SERVING_BUNDLE": str(_BUNDLE),
            "LYCEUM_SERVING_OUT": str(_OUT),
        },
        mounts=(
            Mount(folder / "bundle", _BUNDLE),
            Mount(folder / "out", _OUT, writable=True),
            Mount(Path(runtime.__file__).parent / "predictor", _PREDICTOR),
            *environments.mounts(environment),
        ),
        limits=Limits(
            cpus=limit("serving_cpus"),
            memory_bytes=limit("serving_memory_mb") * _MEGABYTE,
            processes=limit("serving_processes"),
            open_files=_OPEN_FILES,
            wall_seconds=_SECONDS,
            disk_bytes=limit("serving_disk_mb") * _MEGABYTE,
            log_bytes=_MEGABYTE,
        ),
        labels={"kind": KIND, "project": str(project_id), "user": str(user_id)},
    )


def _root() -> Path:
    return settings().root / "probes"


def _folder(name: str) -> Path:
    return _root() / (name if name.isalnum() else "none")


def _runs() -> list[Status]:
    return [run for run in local_engine().runs() if run.labels.get("kind") == KIND]


def _log(run_id: str) -> str:
    try:
        with open(local_engine().log_path(run_id), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LONGEST_TEXT))
            return _text(file.read(_LONGEST_TEXT).decode(errors="replace"))
    except (KeyError, OSError):
        return ""


class _TooLarge(Exception):
    """The result has more than ``_MOST_RESULT_BYTES``."""


def _told(out: Path) -> dict[str, Any] | None:
    """What the program wrote; ``None`` when that is no JSON object. Raises ``_TooLarge``."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(out / _RESULT, flags), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                return None
            if about.st_size > _MOST_RESULT_BYTES:
                raise _TooLarge
            value = json.loads(file.read(_MOST_RESULT_BYTES), parse_constant=_no_constant)
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _kept(result: dict[str, Any]) -> dict[str, Any]:
    """Of what a program told, what we know and can store."""
    seconds = result.get("seconds")
    kept: dict[str, Any] = {
        "state": DONE if result.get("ok") is True else FAILED,
        "message": _text(result.get("message")),
        "message_zh": _text(result.get("message_zh")),
        "traceback": _text(result.get("traceback")),
        "prints": _text(result.get("prints")),
        "seconds": seconds if isinstance(seconds, int | float) else None,
    }
    if "output" in result:
        kept["output"] = _without_nul(result["output"])
    for name in ("inputs", "outputs"):
        if isinstance(result.get(name), list):
            kept[name] = [each for each in map(_tensor, result[name][:_MOST_TENSORS]) if each]
    return kept


def _tensor(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    shape = value.get("shape")
    axes = shape[:_MOST_AXES] if isinstance(shape, list) else None
    tensor: dict[str, Any] = {
        "name": _text(value["name"])[:_LONGEST_NAME],
        "dtype": _text(value.get("dtype"))[:40],
        "shape": axes and [axis if _is_length(axis) else -1 for axis in axes],
    }
    columns = value.get("columns")
    if isinstance(columns, list) and len(columns) <= _MOST_TENSORS:
        tensor["columns"] = [_text(each)[:_LONGEST_NAME] for each in columns]
    return tensor


def _is_length(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 31


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return value[-_LONGEST_TEXT:].replace("\0", "�").encode(errors="replace").decode()


def _without_nul(value: Any) -> Any:
    """A JSON value with no NUL and no half surrogate pairs, which databases can't keep."""
    if isinstance(value, str):
        return value.replace("\0", "�").encode(errors="replace").decode()
    if isinstance(value, list):
        return [_without_nul(each) for each in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(each) for key, each in value.items()}
    return value
