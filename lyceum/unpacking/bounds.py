"""What one archive may become, from ``limits.toml``."""

from __future__ import annotations

from lyceum.limits import limit
from lyceum.runtime.unpack.bounds import Bounds

_MEGABYTE = 1024 * 1024

__all__ = ["Bounds", "bounds"]


def bounds(*, most_bytes: int, most_files: int, path_length: int) -> Bounds:
    """The platform's bounds, and where they are narrower those of the one who unpacks:
    ``most_bytes`` and ``most_files`` in all, ``path_length`` characters below the folder."""
    return Bounds(
        files=min(most_files, limit("unpack_files")),
        total_bytes=min(most_bytes, limit("unpack_total_mb") * _MEGABYTE),
        file_bytes=limit("dataset_file_mb") * _MEGABYTE,
        ratio=limit("unpack_ratio"),
        ratio_from=limit("unpack_ratio_from_mb") * _MEGABYTE,
        depth=limit("unpack_depth"),
        path_length=path_length,
    )
