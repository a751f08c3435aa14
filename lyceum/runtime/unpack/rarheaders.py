"""What libarchive does not notice in a RAR archive, told by `rarfile` from its headers.

libarchive takes encrypted bytes for broken ones, a part of a split archive for a
whole one, and a reference to another file for an empty file.
"""

from __future__ import annotations

import rarfile

from .refusal import Refusal

MAGIC = b"Rar!\x1a\x07"
_COPY = 5  # RAR5_XREDIR_FILE_COPY: the bytes are another entry's
_RAR5_VERSION, _OLDEST_VERSION = 50, 29


def _no_comment(*_arguments: object, **_options: object) -> bytes:
    return b""


# It reads a packed comment with a program of the machine's, and is at an end without one.
# Comments matter to nobody here.
rarfile.rar3_decompress = _no_comment


def declared(path: str) -> list[int]:
    """The size in bytes that each file's header tells.

    Raises `Refusal`: ``encrypted``, ``split_archive``, ``unsupported``, ``broken``.
    """
    try:
        archive = rarfile.RarFile(path)
    # A split archive's other parts are not here.
    except (rarfile.NeedFirstVolume, rarfile.BadRarName, OSError):
        raise Refusal("split_archive") from None
    except Exception:
        # Its parsers raise whatever a broken header leads them to.
        raise Refusal("broken") from None
    with archive:
        if archive.needs_password():
            raise Refusal("encrypted")
        if len(archive.volumelist()) > 1:
            raise Refusal("split_archive")
        files = [info for info in archive.infolist() if not info.is_dir()]
        old = any(info.extract_version < _RAR5_VERSION for info in files)
        if (old and archive.is_solid()) or any(_is_beyond_libarchive(info) for info in files):
            raise Refusal("unsupported")
        return [info.file_size or 0 for info in files]


def _is_beyond_libarchive(info: rarfile.RarInfo) -> bool:
    redirection = getattr(info, "file_redir", None)
    is_copy = redirection is not None and redirection[0] == _COPY
    is_ancient = info.extract_version < _OLDEST_VERSION and info.compress_type != rarfile.RAR_M0
    return is_copy or is_ancient
