"""Build an environment: once, by one builder, visible only when finished."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lyceum.environments import files, installers, places, state
from lyceum.environments.definition import Environment, get

Step = Literal["waiting", "creating", "installing", "finishing", "ready"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is: ``fraction`` from 0 to 1, never falling, and its step.

    ``waiting`` means that another process builds the same environment.
    """

    fraction: float
    step: Step


class EnvironmentUnavailable(Exception):
    """This machine cannot have the environment; ``reason`` says why."""

    def __init__(self, name: str, reason: state.Reason) -> None:
        super().__init__(f"{name}: {reason.code} {reason.params}; {reason.fix or 'no fix'}")
        self.reason = reason


BuildError = installers.InstallError


def build(name: str, on_progress: Callable[[Progress], None] | None = None) -> Path:
    """Have the environment ``name``, building it if needed, and return its prefix.

    Safe to call from several processes and threads: one builds, the others wait
    and then find it ready. A build that was killed is cleared away and done
    again. Raises ``EnvironmentUnavailable`` or ``BuildError``.
    """
    environment = get(name)
    report = _forward(on_progress)
    folder = places.prefix(name)
    if not state.is_built(environment):
        availability = state.availability(name)
        if availability.reason is not None:
            raise EnvironmentUnavailable(name, availability.reason)
        with _one_builder(places.home(name), report) as lock_fd:
            if not state.is_built(environment):
                _build(environment, folder, report, lock_fd)
    report(Progress(1.0, "ready"))
    return folder


def _build(
    environment: Environment, folder: Path, report: Callable[[Progress], None], lock_fd: int
) -> None:
    started = time.monotonic()
    mark = places.read_mark(folder)
    if mark is None or not places.python(environment.name).exists():
        report(Progress(0.0, "creating"))
        _clear(folder)
        installers.create(environment, folder, lock_fd)
        report(Progress(0.03, "installing"))

        def installed(fraction: float) -> None:
            report(Progress(0.03 + 0.87 * fraction, "installing"))

        installers.install(environment, folder, installed, lock_fd)
    report(Progress(0.92, "finishing"))
    chinese_font = files.install_files(environment, folder)
    places.write_mark(
        folder,
        places.Mark(
            files=files.files_fingerprint(environment),
            seconds=round(time.monotonic() - started, 1) if mark is None else mark.seconds,
            bytes=_size(folder),
            chinese_font=chinese_font,
        ),
    )


@contextmanager
def _one_builder(home: Path, report: Callable[[Progress], None]) -> Iterator[int]:
    """Hold the environment's build lock and give its descriptor.

    ``flock`` belongs to the open file, so a tool that inherits the descriptor
    keeps the lock past our own death.
    """
    home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home / "build.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(Progress(0.0, "waiting"))
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _forward(on_progress: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
    highest = 0.0

    def report(progress: Progress) -> None:
        nonlocal highest
        highest = max(highest, progress.fraction)
        if on_progress is not None:
            on_progress(Progress(highest, progress.step))

    return report


def _size(folder: Path) -> int:
    """Bytes of the files under ``folder``, links not followed."""
    total = 0
    for parent, _, names in os.walk(folder):
        total += sum(os.lstat(os.path.join(parent, name)).st_size for name in names)
    return total
