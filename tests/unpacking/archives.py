"""Archives that no usual program would make."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib

MB = 1 << 20


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def tarred(*members: tarfile.TarInfo | tuple[str, bytes], mode: str = "w:gz") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                about = tarfile.TarInfo(member[0])
                about.size = len(member[1])
                archive.addfile(about, io.BytesIO(member[1]))
    return made.getvalue()


def member(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    about = tarfile.TarInfo(name)
    about.type, about.linkname = kind, link
    return about


def raw_zip(
    name: bytes,
    data: bytes,
    *,
    size: int,
    crc: int,
    flags: int = 0,
    method: int = 8,
    mode: int = 0,
) -> bytes:
    """One entry whose headers say what they are told to."""
    about = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 0, crc, len(data), size, len(name), 0)
    local = b"PK\x03\x04" + about + name + data
    tail = struct.pack("<HHHII", 0, 0, 0, mode << 16, 0)
    central = b"PK\x01\x02" + struct.pack("<H", 0x0314) + about + tail + name
    ending = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + b"PK\x05\x06" + ending


def deflated_zeros(megabytes: int) -> bytes:
    """That many zeros as one deflate stream, made without compressing them all."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(64 * MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * (megabytes // 64) + packer.flush(zlib.Z_FINISH)
