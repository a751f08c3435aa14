"""Whether this machine can have an environment, and whether it has it."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from pathlib import Path

from lyceum.environments import interpreters
from lyceum.environments.definition import Environment, get
from lyceum.environments.files import files_fingerprint
from lyceum.environments.places import builds, prefix, python, read_mark


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an environment can't be had, and what an administrator can do.

    ``code`` is ``no_interpreter`` (params ``interpreter``), ``narrow_unicode``
    (``interpreter``, ``executable``) or ``machine`` (``machine``, ``machines``);
    ``fix`` is a command to type, or ``None`` where nothing helps.
    """

    code: str
    params: dict[str, str] = field(default_factory=dict)
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether it can be built here and whether it is; ``reason`` if it can't."""

    available: bool
    built: bool
    reason: Reason | None = None


def availability(name: str) -> Availability:
    """Whether ``name`` can be used on this machine, and whether it is built."""
    environment = get(name)
    if is_built(environment):
        return Availability(available=True, built=True)
    reason = _obstacle(environment)
    return Availability(available=reason is None, built=False, reason=reason)


def is_built(environment: Environment) -> bool:
    """True if nothing is left to do: packages and our own files are in place."""
    mark = read_mark(prefix(environment.name))
    return (
        mark is not None
        and mark.files == files_fingerprint(environment)
        and python(environment.name).exists()
    )


def superseded(name: str) -> list[Path]:
    """Builds of older locks, which no new notebook will use."""
    current = prefix(name)
    return [path for path in builds(name) if path != current]


def _obstacle(environment: Environment) -> Reason | None:
    machine = platform.machine()
    if environment.machines and machine not in environment.machines:
        return Reason("machine", {"machine": machine, "machines": ", ".join(environment.machines)})
    version = environment.interpreter
    interpreter = interpreters.find(version)
    if interpreter is None:
        return Reason("no_interpreter", {"interpreter": version}, _install_command(environment))
    if not interpreter.wide_unicode:
        return Reason(
            "narrow_unicode",
            {"interpreter": version, "executable": str(interpreter.executable)},
            f"PYTHON_CONFIGURE_OPTS=--enable-unicode=ucs4 pyenv install {version}",
        )
    return None


def _install_command(environment: Environment) -> str:
    """uv has CPython from 3.8 on; older ones are compiled by pyenv."""
    tool = "uv python install" if environment.version >= (3, 8) else "pyenv install"
    return f"{tool} {environment.interpreter}"
