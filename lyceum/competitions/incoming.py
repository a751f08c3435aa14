"""Files as they are handed in: streamed to disk with a limit, then kept under a plain name.

``competitions/<id>/submissions/`` holds a folder for each submission; one that begins with
``.new-`` is on its way, and goes when its request ends.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from lyceum.common.errors import DomainError
from lyceum.competitions import folders
from lyceum.competitions.models import Competition, Submission
from lyceum.limits import limit

_CHUNK = 1 << 20
_MEGABYTE = 1 << 20
_LONGEST_NAME_BYTES = 150
_UNNAMED = "submission"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that was handed in; ``size`` in bytes."""

    path: Path
    size: int
    sha256: str

    def keep_for(self, submission: Submission, competition: Competition) -> None:
        """Give it its final place, in the transaction that makes ``submission``.

        What is there was left by a crash before its row was kept, whose id came again.
        """
        target = folders.of_submission(submission, competition.pk)
        if target.exists():
            shutil.rmtree(target)
        os.rename(self.path.parent, target)


@contextmanager
def received(file: BinaryIO, name: str, competition: Competition) -> Iterator[Incoming]:
    """``file`` on disk for the block, unless it is kept.

    Raises ``DomainError`` about ``file`` when it is larger than `submission_mb`.
    """
    parent = folders.of_competition(competition) / "submissions"
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))  # mode 0700
    try:
        path = folder / clean_name(name)
        size, sha256 = _write(file, path)
        yield Incoming(path, size, sha256)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clean_name(name: str) -> str:
    """The last part of a file's name, of printable characters, short enough for a disk."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    plain = "".join(each for each in plain if each.isprintable()).strip().lstrip(".")
    stem, dot, end = plain.rpartition(".")
    if not dot:
        stem, end = plain, ""
    end = _cut(end, 20)
    stem = _cut(stem, _LONGEST_NAME_BYTES - len(dot + end) * 4) or _UNNAMED
    return f"{stem}{dot}{end}"


def _cut(text: str, most: int) -> str:
    """As much of ``text`` as ``most`` bytes of UTF-8 hold; what has none (surrogates) goes."""
    return text.encode("utf-8", "ignore")[:most].decode("utf-8", "ignore")


def _write(file: BinaryIO, path: Path) -> tuple[int, str]:
    most, size, digest = limit("submission_mb"), 0, hashlib.sha256()
    with path.open("xb") as target:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > most * _MEGABYTE:
                sentence = _("The file is larger than %(most)d MB.") % {"most": most}
                raise DomainError("too_large", sentence, field="file")
            digest.update(chunk)
            target.write(chunk)
        # Kept before its row is: a loss of power leaves no submission without its file.
        target.flush()
        os.fsync(target.fileno())
    return size, digest.hexdigest()
