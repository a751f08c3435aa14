"""Sending one file by tus 1.0.0 (https://tus.io/protocols/resumable-upload).

With httpx instead of ``tuspy``, which has no time limits, so waits for ever on a
connection that died quietly, and opens a new one for each request.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx

from lyceum.sdk.errors import LyceumError, refusal
from lyceum.sdk.local_files import LocalFile
from lyceum.sdk.parallel import SMALL
from lyceum.sdk.progress import FileMeter
from lyceum.sdk.transport import TRANSIENT, Transport

_PATH = "/uploads/"
_PIECE = 1 << 18
_PART = 1 << 26  # a proxy in between may limit one request's body
_HEADERS = {"Tus-Resumable": "1.0.0"}
_BYTES = {**_HEADERS, "Content-Type": "application/offset+octet-stream"}
# The server may have to read what it has, to go on with its digest, before it answers.
_TIMEOUT = httpx.Timeout(600, connect=10, write=60)
_GONE = frozenset({404, 410})
_ELSEWHERE = frozenset({409, 423, 460})


class _Lost(Exception):
    """Try again later; ``args[0]`` is what to tell when there is no later."""


class _Gone(_Lost):
    """The platform has no such upload: begin anew."""


class Sending:
    """Sends ``file`` into the draft ``draft``, from where the platform has it.

    ``remember(file, url)`` is told where its upload lives as soon as that is known.
    """

    def __init__(
        self,
        transport: Transport,
        draft: str,
        file: LocalFile,
        *,
        meter: FileMeter,
        remember: Callable[[LocalFile, str], None],
    ) -> None:
        self._transport = transport
        self._draft = draft
        self._file = file
        self._meter = meter
        self._remember = remember

    def run(self, url: str | None = None, *, stop: threading.Event | None = None) -> None:
        """Until all of the file is on the platform; ``url`` is where its upload goes on.

        Raises ``LyceumError`` when the platform refuses it, the file changes, or the
        connection stays lost, or is lost once ``stop`` is set.
        """
        backoff = self._transport.backoff(self._meter.wait, stop)
        offset: int | None = None
        furthest = -1
        while offset is None or offset < self._file.size:
            try:
                was_sent = furthest < 0 and url is not None
                url, offset = self._step(url, offset)
                (self._meter.resume if was_sent else self._meter.move)(offset)
                if offset > furthest:
                    furthest = offset
                    backoff.progressed()
            except _Gone as gone:
                url = offset = None
                backoff.pause(gone.args[0])
            except _Lost as lost:
                offset = None
                backoff.pause(lost.args[0])
        self._meter.end()

    def _step(self, url: str | None, offset: int | None) -> tuple[str, int]:
        """The next request about the file; where it is then, and how much of it."""
        if url is None:
            return self._create()
        if offset is None:
            return url, self._offset(url)
        self._meter.move(offset)
        return url, self._append(url, offset)

    def _create(self) -> tuple[str, int]:
        size = self._file.size
        about = {"draft": self._draft, "path": self._file.path}
        pairs = (f"{key} {_base64(text)}" for key, text in about.items())
        headers = {"Upload-Length": str(size), "Upload-Metadata": ",".join(pairs)}
        if size <= SMALL:  # in the one request that creates its upload
            answer = self._ask("POST", _PATH, {**_BYTES, **headers}, until=size)
        else:
            answer = self._ask("POST", _PATH, {**_HEADERS, **headers})
        if answer.status_code != 201 or "location" not in answer.headers:
            raise refusal(answer)
        # Its path only: behind a proxy a server may be wrong about its own host.
        url = urlsplit(answer.headers["location"]).path
        self._remember(self._file, url)
        return url, int(answer.headers.get("upload-offset", 0))

    def _offset(self, url: str) -> int:
        """How many bytes the platform has."""
        return self._told_offset(self._ask("HEAD", url, _HEADERS))

    def _append(self, url: str, offset: int) -> int:
        headers = {**_BYTES, "Upload-Offset": str(offset)}
        until = min(self._file.size, offset + _PART)
        answer = self._ask("PATCH", url, headers, offset=offset, until=until)
        if answer.status_code in _ELSEWHERE:
            raise _Lost(refusal(answer))
        return self._told_offset(answer)

    def _ask(
        self, method: str, url: str, headers: dict[str, str], *, offset: int = 0, until: int = 0
    ) -> httpx.Response:
        """Send a request, with the bytes from ``offset`` to ``until`` if there are any."""
        body = None
        if until > offset:
            body = self._pieces(offset, until)
            headers = {**headers, "Content-Length": str(until - offset)}
        try:
            answer = self._transport.http.request(
                method, url, content=body, headers=headers, timeout=_TIMEOUT
            )
        except httpx.RequestError as lost:
            raise _Lost(self._transport.unreachable(lost)) from lost
        if answer.status_code in TRANSIENT:
            raise _Lost(refusal(answer))
        return answer

    def _pieces(self, offset: int, until: int) -> Iterator[bytes]:
        if self._file.has_changed:
            raise self._file.changed()
        with self._file.source.open("rb") as source:
            source.seek(offset)
            while offset < until:
                piece = source.read(min(_PIECE, until - offset))
                if not piece:
                    raise self._file.changed()
                yield piece
                offset += len(piece)
                self._meter.move(offset)
        if self._file.has_changed:
            raise self._file.changed()

    @staticmethod
    def _told_offset(answer: httpx.Response) -> int:
        if answer.status_code in _GONE:
            raise _Gone(LyceumError("upload_gone", "The platform keeps losing this upload."))
        try:
            return int(answer.headers["upload-offset"])
        except (KeyError, ValueError):
            raise _no_offset(answer) from None


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _no_offset(answer: httpx.Response) -> LyceumError:
    """HEAD answers have no body to read a refusal from."""
    if answer.content or answer.is_success:
        return refusal(answer)
    if answer.status_code == 401:
        return LyceumError("login_required", "The access token is no longer good.", status=401)
    return refusal(answer)
