"""An organiser's own ``score.py`` (docs/scoring.md)."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from django.utils.translation import gettext as _

from lyceum import environments
from lyceum.accounts.models import User
from lyceum.common.errors import DomainError
from lyceum.common.text import clean_line
from lyceum.competitions import folders
from lyceum.competitions.actions.organising import _storing
from lyceum.competitions.actions.organising.rounds import organised_round
from lyceum.competitions.actions.organising.scoring import clean_reason, use_scoring
from lyceum.competitions.models import Round
from lyceum.datasets.storage import clean_path

ENTRY = "score.py"
_MOST_FILES = 200
_MOST_BYTES = 20 * 1024 * 1024


def set_program(
    user: User,
    round_id: int,
    *,
    files: Mapping[str, bytes],
    environment: str = "sklearn-py311",
    metric: str = "",
    higher_is_better: bool = True,
    has_private: bool = False,
    reason: str = "",
) -> Round:
    """Score the round by ``score.py`` among ``files`` (path → content) in an environment.

    ``metric`` is what its score is called. ``has_private``: it gives ``public`` and
    ``private`` beside ``total``. Raises ``NotFound``, ``Forbidden``, and ``DomainError``
    about ``program``, ``environment``, ``metric`` or ``reason``.
    """
    round_ = organised_round(user, round_id)
    _check(files)
    _check_environment(environment)
    values = {
        "rules": "",
        "program": ENTRY,
        "program_environment": environment,
        "metric": clean_line(metric, field="metric", longest=60) or ENTRY,
        "higher_is_better": bool(higher_is_better),
        "has_private": bool(has_private),
    }
    reason = clean_reason(round_, reason)
    _put(folders.program(round_), files)
    return use_scoring(user, round_, values, reason=reason, program=True)


def program_files(file: BinaryIO, name: str) -> dict[str, bytes]:
    """The files of an upload: a ``.py`` file is ``score.py``; a zip has it, maybe in its
    only folder. Raises ``DomainError`` about ``program``."""
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise _too_large()
    if name.lower().endswith(".py"):
        return {ENTRY: data}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = _unpacked(archive)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError,
            zlib.error, ValueError):  # fmt: skip
        sentence = _("Please choose a score.py, or a zip that holds one.")
        raise DomainError("no_program", sentence, field="program") from None
    tops = {path.partition("/")[0] for path in files}
    if ENTRY not in files and len(tops) == 1:
        files = {path.partition("/")[2]: each for path, each in files.items()}
    return files


def _unpacked(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Plain files only, counted as they come, whatever the headers say."""
    files: dict[str, bytes] = {}
    left = _MOST_BYTES
    for member in archive.infolist():
        if member.is_dir() or member.filename.startswith("__MACOSX/"):
            continue
        with archive.open(member) as reader:
            data = reader.read(left + 1)
        left -= len(data)
        if left < 0 or len(files) >= _MOST_FILES:
            raise _too_large()
        files[member.filename] = data
    return files


def _check(files: Mapping[str, bytes]) -> None:
    if ENTRY not in files:
        sentence = _("Please choose a score.py, or a zip that holds one.")
        raise DomainError("no_program", sentence, field="program")
    if len(files) > _MOST_FILES or sum(map(len, files.values())) > _MOST_BYTES:
        raise _too_large()
    for path in files:
        clean_path(path)
        if set(map(str, PurePosixPath(path).parents)) & set(files):
            sentence = _("“%(path)s” can't be a file in a file.") % {"path": path[:80]}
            raise DomainError("bad_path", sentence, field="program")
    try:
        compile(files[ENTRY], ENTRY, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        sentence = _("score.py is no Python: %(fault)s") % {"fault": str(error)[:200]}
        raise DomainError("bad_program", sentence, field="program") from None


def _check_environment(name: str) -> None:
    if name not in [each.name for each in environments.definitions()]:
        sentence = _("There is no such environment.")
        raise DomainError("no_such_environment", sentence, field="environment")


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Have exactly ``files`` in ``folder``; a run that has the ones before keeps them."""
    _storing.private_folder(folder.parent)
    fresh = Path(tempfile.mkdtemp(prefix=".program-", dir=folder.parent))
    for path, data in files.items():
        place = fresh / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    fresh.chmod(0o755)
    if folder.exists():
        # Two renames: between them there is none, and a scoring that falls there is run again.
        old = Path(tempfile.mkdtemp(prefix=".old-", dir=folder.parent))
        os.rename(folder, old / "program")
        os.rename(fresh, folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.rename(fresh, folder)


def _too_large() -> DomainError:
    sentence = _("A scoring program has at most %(files)d files of %(mb)d MB together.")
    return DomainError(
        "too_large", sentence % {"files": _MOST_FILES, "mb": _MOST_BYTES >> 20}, field="program"
    )
