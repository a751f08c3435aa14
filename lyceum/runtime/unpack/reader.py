"""Reads zip, tar and RAR through libarchive: headers and bytes, nothing else.

Only the functions that are called here are declared; libarchive's own extraction,
which would make links and set permissions, is not used.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .names import decoded
from .refusal import Refusal

LIBRARY = "libarchive.so.13"
ZIP, TAR, RAR = ("zip_seekable",), ("tar",), ("rar", "rar5")
# Not "all": among libarchive's filters are some that start programs.
_FILTERS = ("gzip", "bzip2", "xz", "lzma", "zstd", "lz4", "compress")
_EOF, _WARN = 1, -20
_CHUNK = 1 << 20
_KINDS = {0o100000: "file", 0: "file", 0o040000: "folder", 0o120000: "link"}
_KIND_MASK = 0o170000
_UNSUPPORTED = ("nsupported", "unavailable", "not supported")


class Broken(Exception):
    """libarchive can't go on; the message is its own, in English."""


@dataclass(frozen=True)
class Entry:
    """An entry's header: ``kind`` is file, folder, link or other.

    ``size`` is what the archive says, in bytes, ``None`` when it does not.
    """

    name: str
    kind: str
    size: int | None
    encrypted: bool


class Reader:
    """An archive opened for reading once, from its first entry to its last.

    Everything raises `Broken` and `Refusal`: ``not_an_archive``, ``encrypted``,
    ``unsupported``, ``no_library``.
    """

    def __init__(self, path: str, formats: Sequence[str]) -> None:
        self._call = _library()
        self._formats = formats
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._file).st_size
        self._archive = ctypes.c_void_p(self._call.archive_read_new())
        self._entry = ctypes.c_void_p()
        self._buffer = ctypes.create_string_buffer(_CHUNK)
        for name in formats:
            self._check(getattr(self._call, f"archive_read_support_format_{name}")(self._archive))
        for name in _FILTERS if formats == TAR else ():
            self._check(getattr(self._call, f"archive_read_support_filter_{name}")(self._archive))
        self._check(self._call.archive_read_open_fd(self._archive, self._file, 1 << 16))

    def __del__(self) -> None:
        self._call.archive_read_free(self._archive)
        os.close(self._file)

    @property
    def position(self) -> int:
        """How many bytes of the archive have been read, for those read in order."""
        return os.lseek(self._file, 0, os.SEEK_CUR)

    def entries(self) -> Iterator[Entry]:
        """Every header; the bytes of a file may be read before the next one."""
        while (code := self._next()) != _EOF:
            self._check(code)
            yield self._header()

    def blocks(self) -> Iterator[memoryview]:
        """The present entry's bytes; each block is gone with the next."""
        view = memoryview(self._buffer)
        while count := self._call.archive_read_data(self._archive, self._buffer, _CHUNK):
            if count < 0:
                raise self._problem()
            yield view[:count]

    def _next(self) -> int:
        return self._call.archive_read_next_header(self._archive, ctypes.byref(self._entry))

    def _header(self) -> Entry:
        call, entry = self._call, self._entry
        raw = call.archive_entry_pathname(entry)
        mode = call.archive_entry_filetype(entry) & _KIND_MASK
        is_link = call.archive_entry_hardlink(entry) or call.archive_entry_symlink(entry)
        return Entry(
            name=decoded(raw or b""),
            kind="link" if is_link else _KINDS.get(mode, "other"),
            size=call.archive_entry_size(entry) if call.archive_entry_size_is_set(entry) else None,
            encrypted=bool(call.archive_entry_is_encrypted(entry)),
        )

    def _check(self, code: int) -> None:
        if code < _WARN:
            raise self._problem()

    def _problem(self) -> Exception:
        told = (self._call.archive_error_string(self._archive) or b"").decode(errors="replace")
        if told.startswith("Unrecognized archive format"):
            return Refusal("not_an_archive" if self._formats == TAR else "broken")
        if "ncrypt" in told or "assphrase" in told:
            return Refusal("encrypted")
        if any(word in told for word in _UNSUPPORTED):
            return Refusal("unsupported")
        return Broken(told)


def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        raise Refusal("no_library") from None
    archive = ctypes.c_void_p
    for name, result, arguments in (
        ("read_new", archive, []),
        ("read_open_fd", ctypes.c_int, [archive, ctypes.c_int, ctypes.c_size_t]),
        ("read_next_header", ctypes.c_int, [archive, ctypes.POINTER(ctypes.c_void_p)]),
        ("read_data", ctypes.c_ssize_t, [archive, ctypes.c_void_p, ctypes.c_size_t]),
        ("read_free", ctypes.c_int, [archive]),
        ("error_string", ctypes.c_char_p, [archive]),
        ("entry_pathname", ctypes.c_char_p, [archive]),
        ("entry_hardlink", ctypes.c_char_p, [archive]),
        ("entry_symlink", ctypes.c_char_p, [archive]),
        ("entry_filetype", ctypes.c_uint, [archive]),
        ("entry_size", ctypes.c_int64, [archive]),
        ("entry_size_is_set", ctypes.c_int, [archive]),
        ("entry_is_encrypted", ctypes.c_int, [archive]),
        *((f"read_support_format_{name}", ctypes.c_int, [archive]) for name in ZIP + TAR + RAR),
        *((f"read_support_filter_{name}", ctypes.c_int, [archive]) for name in _FILTERS),
    ):
        function = getattr(library, f"archive_{name}")
        function.restype, function.argtypes = result, arguments
    return library
