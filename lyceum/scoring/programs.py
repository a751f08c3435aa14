"""An organiser's own ``score.py``: what to run in the sandbox, and what came of it."""

from __future__ import annotations

import json
import math
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from lyceum import environments
from lyceum.engine.base import Status
from lyceum.engine.workload import Limits, Mount, RunState, Workload
from lyceum.runtime import scorer

KIND = "scoring"
RESULT = "result.json"
_PLACE = PurePosixPath("/score")
_RUNNER = _PLACE / "runner"
_PROGRAM = _PLACE / "program"
_OUT = _PLACE / "out"
_MEGABYTE = 1 << 20
_MOST_RESULT_BYTES = 256 * 1024
_LONGEST_MESSAGE = 500
_LONGEST_DETAIL = 20_000
_MOST_VALUES = 50
_DISK_BYTES = 512 * _MEGABYTE

_SENTENCES = {
    "program": (
        "The scoring program failed ({type}). The organiser can see why.",
        "评分程序出错（{type}），主办方可查看原因。",
    ),
    "time_limit": (
        "Scoring took longer than is allowed.",
        "评分超过了允许的时间。",
    ),
    "out_of_memory": (
        "Scoring took more memory than is allowed.",
        "评分超过了允许的内存。",
    ),
    "no_result": (
        "The scoring program ended without a score.",
        "评分程序没有给出得分就结束了。",
    ),
    "platform": (
        "The platform could not run the scoring program.",
        "平台未能运行评分程序。",
    ),
}


class Blame(StrEnum):
    """Whose doing it is that there is no score."""

    NONE = ""
    SUBMISSION = "submission"
    PROGRAM = "program"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of ``score.py`` came to.

    ``values`` are its scores; one is called ``total``. Without: ``code`` and ``message``
    (score.py's own words for a bad submission) are for the participant, ``detail`` is for
    the organiser only: it may hold the truth.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    blame: Blame = Blame.NONE
    code: str = ""
    message: str = ""
    type: str = ""
    detail: str = ""

    def sentence(self, language: str = "en") -> str:
        """What a participant is told; empty when there is a score."""
        if self.message or not self.code:
            return self.message
        return _SENTENCES[self.code][language.lower().startswith("zh")].format(type=self.type)


def workload(
    program: Path,
    truth: Path,
    submission: Path,
    out: Path,
    *,
    environment: str,
    memory_mb: int = 2048,
    seconds: int = 600,
    labels: Mapping[str, str] | None = None,
) -> Workload:
    """The run that scores ``submission``; it writes into the empty folder ``out``.

    ``program`` is a ``score.py``, or a folder that has one beside what it needs. Truth and
    submission are seen read-only and keep their names' endings. ``environment`` must have
    been built. There is no network.
    """
    entry = _PROGRAM / "score.py" if program.is_dir() else _PLACE / "score.py"
    truth_place = _PLACE / f"truth{truth.suffix}"
    submission_place = _PLACE / f"submission{submission.suffix}"
    words = ["-B", _RUNNER / "__main__.py", entry, truth_place, submission_place, _OUT]
    return Workload(
        argv=(str(environments.python(environment)), *map(str, words)),
        name=f"score {submission.name}",
        cwd=PurePosixPath("/tmp"),  # noqa: S108 - the sandbox's own
        env={
            **environments.kernel_environment(environment, home="/tmp"),  # noqa: S108
            "HOME": "/tmp",  # noqa: S108
        },
        mounts=(
            Mount(_runner(), _RUNNER),
            Mount(program, _PROGRAM if program.is_dir() else entry),
            Mount(truth, truth_place),
            Mount(submission, submission_place),
            Mount(out, _OUT, writable=True),
            *environments.mounts(environment),
        ),
        limits=Limits(
            cpus=1,
            memory_bytes=memory_mb * _MEGABYTE,
            processes=64,
            open_files=256,
            wall_seconds=seconds,
            disk_bytes=_DISK_BYTES,
            log_bytes=_MEGABYTE,
        ),
        labels={**(labels or {}), "kind": KIND},
    )


def outcome(status: Status, out: Path, *, log: str = "") -> Outcome:
    """What a run that has ended came to; ``log`` is the end of its output."""
    told = _read(out)
    if status.state == RunState.SUCCEEDED or (status.reason == "exit" and told):
        return _of_result(told, log)
    detail = f"{status.reason}: {status.detail}\n{log}"[-_LONGEST_DETAIL:]
    if status.reason in ("time_limit", "out_of_memory"):
        return Outcome(blame=Blame.PROGRAM, code=status.reason, detail=detail)
    if status.reason in ("lost", "not_started", "stopped"):
        return Outcome(blame=Blame.PLATFORM, code="platform", detail=detail)
    return Outcome(blame=Blame.PROGRAM, code="no_result", detail=detail)


def run_at_home(program: Path, truth: Path, submission: Path, *, seconds: int = 600) -> Outcome:
    """Run ``score.py`` as a plain process of this Python, for who trusts it."""
    with tempfile.TemporaryDirectory(prefix="lyceum-score-") as name:
        words = [_runner() / "__main__.py", program, truth, submission, name]
        try:
            done = subprocess.run(
                [sys.executable, "-B", *map(str, words)],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(blame=Blame.PROGRAM, code="time_limit")
        return _of_result(_read(Path(name)), done.stdout + done.stderr)


def _runner() -> Path:
    return Path(scorer.__file__).parent


def _of_result(told: dict[str, Any], log: str) -> Outcome:
    values = _values(told.get("values"))
    if values:
        return Outcome(values)
    detail = str(told.get("traceback") or log)[-_LONGEST_DETAIL:]
    error = told.get("error")
    if not isinstance(error, dict):
        return Outcome(blame=Blame.PROGRAM, code="no_result", detail=detail)
    if error.get("kind") == "submission":
        message = " ".join(str(error.get("message", ""))[:_LONGEST_MESSAGE].split())
        return Outcome(
            blame=Blame.SUBMISSION, code="submission", message=message or "?", detail=detail
        )
    kind = str(error.get("type", ""))
    shown = kind if kind.isidentifier() and len(kind) <= 50 else "Exception"
    return Outcome(blame=Blame.PROGRAM, code="program", type=shown, detail=detail)


def _values(told: Any) -> dict[str, float]:
    """Its scores, where that is what they are; the sandbox may have written anything."""
    if not isinstance(told, dict) or "total" not in told or len(told) > _MOST_VALUES + 1:
        return {}
    for name, value in told.items():
        if len(name) > 100 or type(value) not in (int, float) or not math.isfinite(value):
            return {}
    return {name: float(value) for name, value in told.items()}


def _read(out: Path) -> dict[str, Any]:
    """``result.json`` where it is a small plain file with an object; else nothing."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(out / RESULT, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return {}
            value = json.loads(file.read(_MOST_RESULT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
