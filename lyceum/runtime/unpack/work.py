"""The program: an archive's files as plain files, or one refusal of all of it."""

from __future__ import annotations

import errno
import json
import os
import sys

from .bounds import Bounds
from .names import place
from .progress import RESULT, Progress, write
from .reader import RAR, TAR, ZIP, Broken, Entry, Reader
from .refusal import Refusal

FILES = "files"
_RAR_MAGIC = b"Rar!\x1a\x07"
_ZIP_MAGIC, _EMPTY_ZIP_MAGIC = b"PK\x03\x04", b"PK\x05\x06"
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def main(words: list[str]) -> int:
    """Unpack the archive ``words[0]`` into ``words[1]``: its files below ``files``, and
    beside that ``progress.json`` and, at the end, ``result.json``.

    ``words[2]`` is ``rarfile``'s own file, ``words[3]`` the `Bounds` as JSON. The
    result is ``{"files", "bytes"}`` or ``{"code", "params"}`` of a `Refusal`.
    """
    archive, folder, rarfile, bounds = words
    sys.path.append(os.path.dirname(rarfile))
    result = _result(archive, folder, Bounds(**json.loads(bounds)))
    write(folder, RESULT, result)
    return 1 if "code" in result else 0


def _result(archive: str, folder: str, bounds: Bounds) -> dict:
    try:
        progress = _Unpacking(archive, folder, bounds).run()
    except Refusal as refusal:
        return {"code": refusal.code, "params": refusal.params}
    except Broken as broken:
        print(f"libarchive: {broken}", file=sys.stderr)
        return {"code": "broken", "params": {}}
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
        return {"code": "no_space", "params": {}}
    return {"files": progress.files, "bytes": progress.bytes}


class _Unpacking:
    """One archive on its way into one folder."""

    def __init__(self, archive: str, folder: str, bounds: Bounds) -> None:
        self._archive = archive
        self._target = os.path.join(folder, FILES)
        self._bounds = bounds
        self._size = os.stat(archive).st_size
        self._progress = Progress(folder, self._size)

    def run(self) -> Progress:
        """Everything counted, once all is written; raises `Refusal` and `Broken`."""
        formats = self._formats()
        self._progress.declared = self._declared(formats)
        os.mkdir(self._target)
        reader = Reader(self._archive, formats)
        for entry in reader.entries():
            self._take(entry, reader)
            self._progress.tell(reader.position)
        if not self._progress.files:
            raise Refusal("empty_archive")
        return self._progress

    def _formats(self) -> tuple[str, ...]:
        with open(self._archive, "rb") as file:
            start = file.read(len(_RAR_MAGIC))
        if start == _RAR_MAGIC:
            return RAR
        if start.startswith(_EMPTY_ZIP_MAGIC):
            raise Refusal("empty_archive")
        return ZIP if start.startswith(_ZIP_MAGIC) else TAR

    def _declared(self, formats: tuple[str, ...]) -> int | None:
        """The bytes that all headers together promise; refuses what they show already.

        ``None`` for a tar, whose headers lie between the files' bytes.
        """
        if formats == TAR:
            return None
        if formats == RAR:
            from .rarheaders import declared

            sizes = declared(self._archive)
        else:
            sizes = []
            for entry in Reader(self._archive, formats).entries():
                if self._place(entry) and entry.kind == "file":
                    sizes.append(entry.size or 0)
                    self._check_count(len(sizes))
        self._check_count(len(sizes))
        self._check_bytes(sum(sizes))
        return sum(sizes)

    def _take(self, entry: Entry, reader: Reader) -> None:
        path = self._place(entry)
        if entry.kind == "folder":
            if path and os.path.isfile(os.path.join(self._target, path)):
                raise Refusal("file_and_folder", entry=entry.name)
            return
        if not path:
            raise Refusal("bad_name", entry=entry.name)
        self._check_count(self._progress.files + 1)
        with open(self._create(path, entry.name), "wb") as file:
            written = 0
            for block in reader.blocks():
                written += len(block)
                self._progress.bytes += len(block)
                self._check_bytes(self._progress.bytes)
                if written > self._bounds.file_bytes:
                    raise Refusal("file_too_large", entry=entry.name, most=self._bounds.file_bytes)
                file.write(block)
                self._progress.tell(reader.position)
        self._progress.files += 1

    def _place(self, entry: Entry) -> str:
        if entry.encrypted:
            raise Refusal("encrypted")
        path = place(entry.name, self._bounds)
        if entry.kind in ("link", "other"):
            raise Refusal("link" if entry.kind == "link" else "device", entry=entry.name)
        return path

    def _create(self, path: str, name: str) -> int:
        target = os.path.join(self._target, path)
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except (FileExistsError, NotADirectoryError):
            code = "twice" if os.path.isfile(target) else "file_and_folder"
            raise Refusal(code, entry=name) from None

    def _check_count(self, files: int) -> None:
        if files > self._bounds.files:
            raise Refusal("too_many_files", most=self._bounds.files)

    def _check_bytes(self, count: int) -> None:
        if count > self._bounds.ratio_from and count > self._bounds.ratio * self._size:
            raise Refusal("bomb", ratio=self._bounds.ratio)
        if count > self._bounds.total_bytes:
            raise Refusal("too_large", most=self._bounds.total_bytes)
