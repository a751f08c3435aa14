"""What an archive says it holds; nothing is unpacked."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from pathlib import Path

import rarfile

from lyceum.previews.results import Entry, Listing
from lyceum.previews.workers import Unreadable

MOST_ENTRIES = 1000
_UTF8_NAMES = 0x800
_ENCRYPTED = 0x1


def listing(path: Path, format_: str) -> Listing:
    """The first ``MOST_ENTRIES`` files of a zip, tar or RAR archive, and how many there are."""
    try:
        return _READERS[format_](path)
    except (
        rarfile.Error,
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
    ) as error:
        raise Unreadable(str(error)) from None


def _zip(path: Path) -> Listing:
    with zipfile.ZipFile(path) as archive:
        files = [info for info in archive.infolist() if not info.is_dir()]
        shown = [
            Entry(_name(info), info.file_size, info.compress_size) for info in files[:MOST_ENTRIES]
        ]
        return Listing(
            shown,
            count=len(files),
            size=sum(info.file_size for info in files),
            is_encrypted=any(info.flag_bits & _ENCRYPTED for info in files),
        )


def _name(info: zipfile.ZipInfo) -> str:
    """Names that do not say they are UTF-8 are, here, most often GBK (Windows in Chinese)."""
    if info.flag_bits & _UTF8_NAMES:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _tar(path: Path) -> Listing:
    shown, count, size = [], 0, 0
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            if not member.isfile():
                continue
            count += 1
            size += member.size
            if len(shown) < MOST_ENTRIES:
                shown.append(Entry(member.name, member.size, None))
    return Listing(shown, count=count, size=size)


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
