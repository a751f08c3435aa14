"""What an environment carries besides packages: our launcher, a kernel, a font, data."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from lyceum.environments import fonts, kernel
from lyceum.environments.definition import Environment

_INSIDE = Path(__file__).parent / "inside"
_HOME = Path(__file__).parent / "home"
_PADDLE = ("paddle", "paddle-fluid")


def files_fingerprint(environment: Environment) -> str:
    """Changes whenever ``install_files`` would write something else."""
    digest = hashlib.sha256(json.dumps(kernel.kernel_spec(environment.name)).encode())
    digest.update(str(fonts.available()).encode())
    for path in _sources(environment):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def install_files(environment: Environment, folder: Path) -> bool:
    """Write our files into the finished environment; true if plots have Chinese.

    Can be done again over an older state; nothing of it needs the network.
    """
    own_kernels = folder / "share" / "jupyter" / "kernels"
    if own_kernels.exists():
        shutil.rmtree(own_kernels)
    chinese = False
    if not environment.internal:
        _copy(_INSIDE, kernel.inside(folder))
        if environment.framework in _PADDLE:
            _copy(_HOME, kernel.inside(folder) / "home")
        spec = own_kernels / environment.kernel_name / "kernel.json"
        spec.parent.mkdir(parents=True)
        spec.write_text(json.dumps(kernel.kernel_spec(environment.name), indent=1))
        chinese = fonts.install(folder)
    if environment.files.is_dir():
        _copy(environment.files, folder)
    return chinese


def _sources(environment: Environment) -> Iterator[Path]:
    folders = [environment.files] if environment.internal else [_INSIDE, _HOME, environment.files]
    yield Path(fonts.__file__)
    for folder in folders:
        yield from sorted(path for path in folder.rglob("*") if _wanted(path))


def _wanted(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(
        source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
