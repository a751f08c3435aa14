"""Where static files' addresses come from."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Content-hashed addresses once ``collectstatic`` has run, plain ones before.

    The plain ones are for development and tests, where WhiteNoise serves each
    app's own folder.
    """

    def stored_name(self, name: str) -> str:
        return super().stored_name(name) if self.hashed_files else name
