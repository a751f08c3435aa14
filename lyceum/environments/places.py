"""Where an environment lives on this machine, and the mark of a finished one.

It is ``<name>/<fingerprint>`` below ``settings().environments_root``: a changed
lock gets a folder of its own, so notebooks that run on the old one go on.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from lyceum.config import settings
from lyceum.environments.definition import get

_MARK = "ready.json"


@dataclass(frozen=True, slots=True)
class Mark:
    """Written last into a finished environment; ``seconds`` the build took."""

    files: str
    seconds: float
    bytes: int
    chinese_font: bool


def home(name: str) -> Path:
    """The folder with every build of the environment ``name``."""
    return settings().environments_root / name


def prefix(name: str) -> Path:
    """The virtual environment's folder; it may not exist yet."""
    return home(name) / get(name).fingerprint


def python(name: str) -> Path:
    """The environment's interpreter, as argv of a kernel has it."""
    return prefix(name) / "bin" / "python"


def read_mark(folder: Path) -> Mark | None:
    """The mark of a finished environment, ``None`` while there is none."""
    try:
        return Mark(**json.loads((folder / _MARK).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_mark(folder: Path, mark: Mark) -> None:
    """Declare ``folder`` finished, at once or not at all."""
    fresh = folder / f"{_MARK}.new"
    fresh.write_text(json.dumps(asdict(mark), indent=1))
    fresh.replace(folder / _MARK)


def builds(name: str) -> list[Path]:
    """Every finished build of ``name``, those of older locks too."""
    return sorted(path.parent for path in home(name).glob(f"*/{_MARK}"))


def remove_build(folder: Path) -> None:
    """Delete one build; whoever calls makes sure that nothing runs on it."""
    (folder / _MARK).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
