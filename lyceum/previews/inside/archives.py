"""What an archive says it holds; nothing is unpacked."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import rarfile

from lyceum.previews.results import Entry, Listing, Problem
from lyceum.previews.workers import Unreadable

MOST_ENTRIES = 1000
MOST_SECONDS = 20.0
_UTF8_NAMES = 0x800
_ENCRYPTED = 0x1
_PACKED = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
)
_BROKEN = (
    rarfile.Error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)


def listing(path: Path, format_: str) -> Listing:
    """The first ``MOST_ENTRIES`` files of a zip, tar or RAR archive, and how many there are."""
    try:
        return _READERS[format_](path)
    except _BROKEN as error:
        raise Unreadable(str(error), code="damaged_archive") from None


def _zip(path: Path) -> Listing:
    with zipfile.ZipFile(path) as archive:
        files = [info for info in archive.infolist() if not info.is_dir()]
        shown = [
            Entry(_zip_name(info), info.file_size, info.compress_size)
            for info in files[:MOST_ENTRIES]
        ]
        return Listing(
            shown,
            count=len(files),
            size=sum(info.file_size for info in files),
            is_encrypted=any(info.flag_bits & _ENCRYPTED for info in files),
        )


def _zip_name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _UTF8_NAMES:
        return info.filename
    return _name(info.filename.encode("cp437", "replace"))


def _name(raw: bytes) -> str:
    """Names that do not say they are UTF-8 are, here, most often GBK (Windows in Chinese)."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp437")


def _tar(path: Path) -> Listing:
    """A tar tells what it holds only to who goes through all of it: as far as that goes."""
    count = size = 0
    shown: list[Entry] = []
    problem = None
    try:
        for member in _members(path):
            count += 1
            size += member.size
            if len(shown) < MOST_ENTRIES:
                shown.append(Entry(_tar_name(member), member.size, None))
    except _OutOfTime:
        problem = Problem("long_archive", {"count": count})
    except _BROKEN:
        if not shown:
            raise
        problem = Problem("cut_archive", {"count": count})
    return Listing(shown, count=count, size=size, problem=problem)


def _members(path: Path) -> Iterator[tarfile.TarInfo]:
    """The files of a tar; raises ``_OutOfTime`` after ``MOST_SECONDS``."""
    with (
        _Hasty(path) as file,
        _unpacked(file) as plain,
        tarfile.open(fileobj=plain, mode="r|") as archive,
    ):
        for member in archive:
            archive.members.clear()  # else all are kept, and there may be millions
            if member.isfile():
                yield member


def _unpacked(file: BinaryIO) -> BinaryIO:
    """A tar's bytes; unlike tarfile's own readers, these tell when they are cut off."""
    start = file.read(6)
    file.seek(0)
    for mark, opened in _PACKED:
        if start.startswith(mark):
            return opened(file)
    return file


class _OutOfTime(Exception):
    """Going through the archive takes too long."""


class _Hasty(io.FileIO):
    """A file that can be read for ``MOST_SECONDS``: one member alone may take longer."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._end = time.monotonic() + MOST_SECONDS

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() > self._end:
            raise _OutOfTime
        return super().read(size)


def _tar_name(member: tarfile.TarInfo) -> str:
    return _name(member.name.encode("utf-8", "surrogateescape"))


def _rar(path: Path) -> Listing:
    with rarfile.RarFile(path) as archive:
        files = [info for info in archive.infolist() if info.is_file()]
        return Listing(
            [
                Entry(info.filename, info.file_size, info.compress_size)
                for info in files[:MOST_ENTRIES]
            ],
            count=len(files),
            size=sum(info.file_size for info in files),
            is_encrypted=archive.needs_password(),
        )


_READERS = {"zip": _zip, "tar": _tar, "rar": _rar}
