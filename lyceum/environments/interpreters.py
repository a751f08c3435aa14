"""Which Python interpreters this machine has.

uv finds interpreters too, but not Python 2.7, so one search serves all
versions: the interpreter that runs us, pyenv, uv's managed ones, the PATH.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_SEARCH_SECONDS = 30
_PROBE = (
    "import json, sys; print(json.dumps({"
    "'executable': getattr(sys, '_base_executable', None) or sys.executable,"
    "'prefix': getattr(sys, 'base_prefix', sys.prefix),"
    "'version': list(sys.version_info[:3]),"
    "'wide': sys.maxunicode > 65535}))"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that answered: its program, its installation, its version.

    ``wide_unicode`` is false for a Python 2.7 built with 16-bit characters, for
    which there are no Paddle wheels (they are ``cp27mu``).
    """

    executable: Path
    prefix: Path
    version: tuple[int, int, int]
    wide_unicode: bool


def find(version: str) -> Interpreter | None:
    """An interpreter of ``version`` (``"3.11"``), ``None`` if the machine has none.

    The answer is kept for half a minute: an interpreter installed meanwhile is
    seen without a restart.
    """
    return _find(version, int(time.monotonic() / _SEARCH_SECONDS))


@lru_cache(maxsize=32)
def _find(version: str, _period: int) -> Interpreter | None:
    wanted = tuple(int(part) for part in version.split("."))
    found = None
    for candidate in dict.fromkeys(_candidates(version)):
        interpreter = _probe(candidate)
        if interpreter is None or interpreter.version[:2] != wanted:
            continue
        if interpreter.wide_unicode:
            return interpreter
        found = found or interpreter
    return found


def _candidates(version: str) -> Iterator[str]:
    program = f"python{version}"
    if version == "{}.{}".format(*sys.version_info):
        yield str(getattr(sys, "_base_executable", None) or sys.executable)
    pyenv = os.environ.get("PYENV_ROOT") or "~/.pyenv"
    managed = os.environ.get("UV_PYTHON_INSTALL_DIR") or "~/.local/share/uv/python"
    for folder in (f"{pyenv}/versions/{version}.*", f"{managed}/cpython-{version}.*"):
        yield from sorted(glob.glob(os.path.expanduser(f"{folder}/bin/{program}")), reverse=True)
    on_path = shutil.which(program)
    if on_path:
        yield on_path
    for folder in ("/usr/local/bin", "/usr/bin"):
        yield f"{folder}/{program}"


def _probe(executable: str) -> Interpreter | None:
    """Ask the program itself; a pyenv shim of an unselected version fails here."""
    if not os.access(executable, os.X_OK):
        return None
    try:
        answer = subprocess.run(
            [executable, "-E", "-c", _PROBE], capture_output=True, timeout=20, check=True
        )
        said = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    major, minor, micro = said["version"]
    return Interpreter(
        executable=Path(said["executable"]),
        prefix=Path(said["prefix"]),
        version=(major, minor, micro),
        wide_unicode=said["wide"],
    )
