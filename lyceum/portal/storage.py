"""Where static files' addresses come from, and when they are collected."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Content-hashed addresses once ``collectstatic`` has run, plain ones before.

    The plain ones are for development and tests, where WhiteNoise serves each
    app's own folder.
    """

    def stored_name(self, name: str) -> str:
        return super().stored_name(name) if self.hashed_files else name


def collect_static() -> bool:
    """Run ``collectstatic`` unless no app's static file has changed since it last ran.

    Hashing and compressing all of them takes seconds, looking at their sizes and
    times does not. Returns whether it ran.
    """
    root = Path(settings.STATIC_ROOT)
    collected_from = root / ".collected-from"
    fingerprint = _fingerprint()
    if collected_from.exists() and collected_from.read_text() == fingerprint:
        return False
    # Cleared, for collectstatic alone keeps a file that is not older than its new version,
    # and installers write files with times of long ago.
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    collected_from.write_text(fingerprint)
    return True


def _fingerprint() -> str:
    """SHA-256 over path, size and time of change of every file the finders find."""
    seen = []
    for finder in get_finders():
        for path, storage in finder.list(ignore_patterns=[]):
            stat = Path(storage.path(path)).stat()
            seen.append((path, stat.st_size, stat.st_mtime_ns))
    return hashlib.sha256(json.dumps(sorted(seen)).encode()).hexdigest()
