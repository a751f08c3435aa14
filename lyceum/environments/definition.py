"""What an environment is: the folder ``definitions/<name>`` read into a value.

A folder has ``environment.toml`` (below), ``requirements.in`` (what we ask for),
``requirements.lock`` (every package, pinned, with hashes) and, where needed,
``files/``, which is copied over the finished environment.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

DEFINITIONS = Path(__file__).parent / "definitions"
SERVER = "notebook-server"

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")


class UnknownEnvironment(KeyError):
    """No definition has this name."""


@dataclass(frozen=True)
class Index:
    """A package index asked for ``packages`` besides the machine's own."""

    url: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Environment:
    """One environment as its definition states it; says nothing about this machine.

    ``interpreter`` is ``"<major>.<minor>"``; ``label`` has the keys ``zh`` and
    ``en``; ``kernel_arguments`` go to ipykernel; ``machines`` are the processor
    kinds (``platform.machine()``) that have wheels, empty for any. ``dashboard``
    is an argv with the places ``{python}``, ``{inside}``, ``{logdir}``,
    ``{port}`` and ``{public_path}``; empty for none.
    """

    name: str
    label: dict[str, str]
    framework: str
    interpreter: str
    order: int
    internal: bool
    kernel_name: str
    kernel_label: str
    kernel_arguments: tuple[str, ...]
    dashboard: tuple[str, ...]
    indexes: tuple[Index, ...]
    machines: tuple[str, ...]
    folder: Path = field(repr=False)

    @property
    def requirements(self) -> Path:
        return self.folder / "requirements.in"

    @property
    def lock(self) -> Path:
        return self.folder / "requirements.lock"

    @property
    def files(self) -> Path:
        """The folder that is copied over the environment; may be missing."""
        return self.folder / "files"

    @property
    def version(self) -> tuple[int, int]:
        """The interpreter's major and minor version."""
        major, minor = self.interpreter.split(".")
        return int(major), int(minor)

    @cached_property
    def pins(self) -> dict[str, str]:
        """Every locked package's version by its name, as the lock spells it."""
        matches = map(_PIN.match, self.lock.read_text().splitlines())
        return {match[1].lower(): match[2] for match in matches if match}

    @cached_property
    def fingerprint(self) -> str:
        """Changes whenever the installed packages would; 12 hexadecimal digits."""
        digest = hashlib.sha256(self.interpreter.encode())
        digest.update(self.lock.read_bytes())
        return digest.hexdigest()[:12]


def definitions() -> list[Environment]:
    """The environments a learner can choose, the default one first."""
    return [environment for environment in _all().values() if not environment.internal]


def get(name: str) -> Environment:
    """The environment ``name``, internal ones too; ``UnknownEnvironment`` if none."""
    try:
        return _all()[name]
    except KeyError:
        raise UnknownEnvironment(name) from None


@cache
def _all() -> dict[str, Environment]:
    read = [_read(path.parent) for path in DEFINITIONS.glob("*/environment.toml")]
    return {environment.name: environment for environment in sorted(read, key=_place)}


def _place(environment: Environment) -> tuple[int, str]:
    return environment.order, environment.name


def _read(folder: Path) -> Environment:
    content = tomllib.loads((folder / "environment.toml").read_text(encoding="utf-8"))
    kernel = content.get("kernel", {})
    return Environment(
        name=folder.name,
        label=content["label"],
        framework=content["framework"],
        interpreter=content["interpreter"],
        order=content.get("order", 99),
        internal=content.get("internal", False),
        kernel_name=kernel.get("name", ""),
        kernel_label=kernel.get("label", ""),
        kernel_arguments=tuple(kernel.get("arguments", ())),
        dashboard=tuple(content.get("dashboard", {}).get("argv", ())),
        indexes=tuple(
            Index(url=index["url"], packages=tuple(index["packages"]))
            for index in content.get("index", ())
        ),
        machines=tuple(content.get("machines", ())),
        folder=folder,
    )
