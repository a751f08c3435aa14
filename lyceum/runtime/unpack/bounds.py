"""What an archive may grow to; the platform gives it, the program keeps it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Numbers of files, bytes, characters and folders that may not be passed.

    ``ratio`` is how many times its own size an archive may become, asked once it
    has become ``ratio_from`` bytes: small archives of zeros are no bombs.
    """

    files: int
    total_bytes: int
    file_bytes: int
    ratio: int
    ratio_from: int
    depth: int
    path_length: int
