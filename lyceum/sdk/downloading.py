"""A version's files from the platform onto this machine, resumed and verified."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import httpx

from lyceum.sdk.errors import LyceumError, refusal
from lyceum.sdk.models import File
from lyceum.sdk.parallel import SMALL, Parallel
from lyceum.sdk.progress import Callback, Meter
from lyceum.sdk.transport import TRANSIENT, Transport

_PIECE = 1 << 18


def download(
    transport: Transport,
    address: str,
    files: Sequence[File],
    *,
    folder: Path,
    overwrite: bool,
    progress: Callback | None,
) -> list[Path]:
    """Each of ``files`` from ``address`` below the API into its place in ``folder``.

    What is there already with the same content is not fetched again; a file that
    was begun, hidden beside its place, is continued. Raises ``LyceumError``:
    ``file_exists`` for another content unless ``overwrite``, ``bad_checksum``,
    ``unsafe_path``, the platform's refusals and a connection that stays lost.
    """
    folder.mkdir(parents=True, exist_ok=True)
    places = [_place(folder, file.path) for file in files]
    meter = Meter(progress, total=sum(file.size for file in files), files=len(files))
    parallel = Parallel()

    def fetch_one(pair: tuple[File, Path]) -> None:
        file, place = pair
        if _is_there(place, file, overwrite=overwrite):
            meter.begin(file.path, there=file.size).end()
            return
        _fetch(transport, f"{address}/{quote(file.path)}", file, place, meter, parallel.stop)

    pairs = list(zip(files, places, strict=True))
    parallel.each(fetch_one, [pair for pair in pairs if pair[0].size <= SMALL])
    for pair in pairs:
        if pair[0].size > SMALL:
            fetch_one(pair)
    return places


def _place(folder: Path, path: str) -> Path:
    """Where ``path`` goes: inside ``folder``, through no link, whoever named it."""
    pure = PurePosixPath(path)
    place = folder.joinpath(*pure.parts)
    root = folder.resolve()
    is_inside = not pure.is_absolute() and ".." not in pure.parts and pure.parts
    if not is_inside or place.parent.resolve() != root.joinpath(*pure.parts[:-1]):
        raise LyceumError("unsafe_path", f"“{path}” would be written outside of “{folder}”.")
    return place


def _is_there(place: Path, file: File, *, overwrite: bool) -> bool:
    if not os.path.lexists(place):
        return False
    if place.is_file() and not place.is_symlink():
        if place.stat().st_size == file.size and _sha256(place).hexdigest() == file.sha256:
            return True
        if overwrite:
            return False
    raise LyceumError("file_exists", f"“{place}” is there already with another content.")


def _fetch(
    transport: Transport,
    address: str,
    file: File,
    place: Path,
    meter: Meter,
    stop: threading.Event,
) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(place, file)
    offset = part.stat().st_size if part.exists() else 0
    if offset > file.size:
        part.unlink()
        offset = 0
    digest = _sha256(part) if offset else hashlib.sha256()
    done = meter.begin(file.path, there=offset)
    backoff = transport.backoff(done.wait, stop)
    while offset < file.size:
        try:
            with transport.stream(address, _range(file, offset)) as answer:
                if answer.status_code in TRANSIENT:
                    backoff.pause(refusal(answer))
                    continue
                start = _start(answer, offset)
                if start == 0:
                    digest = hashlib.sha256()
                with part.open("ab" if start else "wb") as target:
                    offset = start
                    for piece in answer.iter_raw(_PIECE):
                        target.write(piece)
                        digest.update(piece)
                        offset += len(piece)
                        done.move(offset)
                        backoff.progressed()
                        if offset > file.size:
                            break
        except httpx.RequestError as lost:
            backoff.pause(transport.unreachable(lost))
    if offset != file.size or digest.hexdigest() != file.sha256:
        part.unlink()
        raise LyceumError(
            "bad_checksum", f"“{file.path}” arrived with other bytes than it has; try again."
        )
    part.replace(place)
    done.end()


def part_of(place: Path, file: File) -> Path:
    """Where ``file`` is gathered. Named by place and content: two files of one content may
    come at once, and a part of another version is never continued with this one."""
    name = hashlib.sha256(f"{place.name} {file.sha256}".encode()).hexdigest()
    return place.with_name(f".{name[:32]}.part")


def _range(file: File, offset: int) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers |= {"Range": f"bytes={offset}-", "If-Range": f'"{file.sha256}"'}
    return headers


def _start(answer: httpx.Response, offset: int) -> int:
    """At which byte the body begins: what was asked for, or the file's first."""
    if answer.status_code == 206:
        told = answer.headers.get("content-range", "")
        if not told.startswith(f"bytes {offset}-"):
            raise refusal(answer)
        return offset
    if answer.status_code != 200:
        raise refusal(answer)
    return 0


def _sha256(path: Path):
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256")
