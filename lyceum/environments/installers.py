"""Create a virtual environment and fill it from a lock: uv, or pip for Python 2.7.

uv takes its index from ``UV_*``; here it also learns what pip has been told of
(index, folders of wheels), because that is where operators of closed networks
put it.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import uv as uv_package

from lyceum.environments import interpreters
from lyceum.environments.definition import Environment

_SETTING = re.compile(r"^(global|install|:env:)\.([a-z-]+)=(.+)$")
_PRECEDENCE = ("global", "install", ":env:")
_SIZED = re.compile(r"^\s*(Downloading|Building) (\S+)(?: \(([\d.]+)([KMG])iB\))?")
_DONE = re.compile(r"^\s*(?:Downloaded|Built) (\S+)")
_UNITS = {"K": 1 / 1024, "M": 1.0, "G": 1024.0}

Report = Callable[[float], None]


class InstallError(Exception):
    """Packages could not be had; the message ends with what the tool said."""


def uv(*arguments: str) -> list[str]:
    """The argv of the uv that was installed with the platform."""
    return [uv_package.find_uv_bin(), *arguments]


def create(environment: Environment, folder: Path, lock_fd: int | None = None) -> None:
    """Make an empty virtual environment; ``InstallError`` without an interpreter.

    ``lock_fd`` is inherited by the tool (``install``).
    """
    interpreter = interpreters.find(environment.interpreter)
    if interpreter is None:
        raise InstallError(f"There is no Python {environment.interpreter} on this machine.")
    base = str(interpreter.executable)
    if environment.version >= (3, 7):
        argv = uv("venv", "--quiet", "--no-project", "--python", base, str(folder))
    else:
        argv = [sys.executable, "-m", "virtualenv", "--quiet", "--no-download"]
        argv += ["--python", base, str(folder)]
    output_of(argv, () if lock_fd is None else (lock_fd,))


def install(environment: Environment, folder: Path, report: Report, lock_fd: int) -> None:
    """Fill ``folder`` with exactly what the lock says, compiled to bytecode.

    ``report`` gets fractions from 0 to 1. The tool inherits ``lock_fd``, so the
    builders' lock is held until it has ended, even when we are killed.
    """
    interpreter = str(folder / "bin" / "python")
    if environment.version >= (3, 7):
        argv = [
            *uv("pip", "sync", "--python", interpreter, "--require-hashes"),
            *("--compile-bytecode", str(environment.lock)),
            *sources(environment, environment.pins),
        ]
        progress = _UvProgress(report)
    else:
        argv = [interpreter, "-m", "pip", "install", "--require-hashes", "--no-deps"]
        argv += ["--no-warn-script-location", "--requirement", str(environment.lock)]
        progress = _PipProgress(report, len(environment.pins))
    _run(argv, progress, lock_fd)


def sources(environment: Environment, pins: dict[str, str]) -> list[str]:
    """uv's options for where to look, besides its own configuration.

    An index of the definition is left out when a local folder of wheels has
    every package it is for; hashes decide what is installed, so taking the best
    match of all indexes is safe.
    """
    settings = _pip_settings()
    options: list[str] = []
    folders = settings.get("find-links", "").split()
    for folder in folders:
        options += ["--find-links", folder]
    index = settings.get("index-url")
    if index and not os.environ.keys() & {"UV_DEFAULT_INDEX", "UV_INDEX_URL"}:
        options += ["--default-index", index]
    for extra in environment.indexes:
        if not all(_has_wheel(folders, name, pins.get(name)) for name in extra.packages):
            options += ["--index", extra.url, "--index-strategy", "unsafe-best-match"]
    return options


def output_of(argv: Sequence[str], pass_fds: Sequence[int] = ()) -> str:
    """What ``argv`` prints; ``InstallError`` with the end of its complaint."""
    done = subprocess.run(argv, capture_output=True, text=True, pass_fds=pass_fds)
    if done.returncode != 0:
        raise InstallError(_complaint(argv, done.stderr.splitlines()))
    return done.stdout


def _run(argv: Sequence[str], progress: Callable[[str], None], lock_fd: int) -> None:
    lines: list[str] = []
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=(lock_fd,),
    ) as process:
        try:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                progress(line)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise InstallError(_complaint(argv, lines))


def _complaint(argv: Sequence[str], lines: list[str]) -> str:
    said = [line for line in lines if line.strip() and not line.startswith("DEPRECATION")]
    return f"{Path(argv[0]).name} failed:\n" + "\n".join(said[-15:])


def _has_wheel(folders: Sequence[str], name: str, version: str | None) -> bool:
    start = f"{name.replace('-', '_')}-{version or ''}"
    return any(
        path.name.startswith(start) and path.suffix == ".whl"
        for folder in map(Path, folders)
        if folder.is_dir()
        for path in folder.iterdir()
    )


@cache
def _pip_settings() -> dict[str, str]:
    """pip's configuration, asked of the first interpreter here that has a pip."""
    for executable in _pythons():
        asked = subprocess.run(
            [executable, "-m", "pip", "config", "list"], capture_output=True, text=True
        )
        if asked.returncode == 0:
            break
    else:
        return {name: os.environ[key] for name, key in _PIP_KEYS.items() if key in os.environ}
    matches = [match for match in map(_SETTING.match, asked.stdout.splitlines()) if match]
    matches.sort(key=lambda match: _PRECEDENCE.index(match[1]))
    return {match[2]: ast.literal_eval(match[3]) for match in matches}


_PIP_KEYS = {"find-links": "PIP_FIND_LINKS", "index-url": "PIP_INDEX_URL"}


def _pythons() -> Iterator[str]:
    yield sys.executable
    for version in ("3.11", "3.12", "3.13", "3.10"):
        interpreter = interpreters.find(version)
        if interpreter is not None:
            yield str(interpreter.executable)


class _UvProgress:
    """Reads uv's lines: sizes announced, sizes done; then two short last steps."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._sizes: dict[str, float] = {}
        self._done = 0.0

    def __call__(self, line: str) -> None:
        if announced := _SIZED.match(line):
            size = float(announced[3] or 1) * _UNITS[announced[4] or "M"]
            self._sizes[announced[2]] = size
        elif finished := _DONE.match(line):
            self._done += self._sizes.get(finished[1], 0.0)
        elif line.startswith("Prepared"):
            self._report(0.8)
        elif line.startswith("Installed"):
            self._report(0.85)
        if self._sizes and self._done:
            self._report(0.8 * self._done / sum(self._sizes.values()))


class _PipProgress:
    """Reads pip's lines: one ``Collecting`` a package, then the installation."""

    def __init__(self, report: Report, packages: int) -> None:
        self._report = report
        self._packages = packages
        self._seen = 0

    def __call__(self, line: str) -> None:
        if line.startswith("Collecting"):
            self._seen += 1
            self._report(0.6 * min(1.0, self._seen / self._packages))
        elif line.startswith("Installing collected packages"):
            self._report(0.65)
