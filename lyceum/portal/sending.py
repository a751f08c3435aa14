"""Files that views point at, sent by the ASGI server itself.

Django, under ASGI, would read a file whole into memory and knows no ranges;
Starlette's ``FileResponse`` streams and does.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from starlette.responses import FileResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lyceum.common.streams import SENT_FILE

_MARK = SENT_FILE.lower().encode()
_RANGES = re.compile(rb"bytes=\s*(\d+-\d*|-\d+)(\s*,\s*(\d+-\d*|-\d+))*\s*")
_OURS = (b"content-length", _MARK)


def sending_files(app: ASGIApp) -> ASGIApp:
    """``app``, whose answers marked by ``common.streams.send_file`` get that file as body."""

    async def wrapper(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        taken: list[FileResponse] = []

        async def looking(message: Message) -> None:
            if message["type"] == "http.response.start":
                response = _file_response(message)
                if response:
                    taken.append(response)
            if not taken:
                await send(message)

        await app(scope, receive, looking)
        for response in taken:
            await response(_with_plain_range(scope), receive, send)

    return wrapper


def _with_plain_range(scope: Scope) -> Scope:
    """``scope`` without a range that is none: a server ignores those it doesn't
    understand (RFC 9110 §14.2), while ``FileResponse`` answers 400."""
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name != b"range" or _RANGES.fullmatch(value)
    ]
    return {**scope, "headers": headers}


def _file_response(message: Message) -> FileResponse | None:
    headers: list[tuple[bytes, bytes]] = message.get("headers", [])
    path = next((value for name, value in headers if name.lower() == _MARK), None)
    if path is None:
        return None
    kept = [pair for pair in headers if pair[0].lower() not in _OURS]
    response = FileResponse(
        unquote(path.decode("ascii")),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in kept},
    )
    # A header may come several times, which the mapping above can't say.
    cookies = [pair for pair in kept if pair[0].lower() == b"set-cookie"]
    response.raw_headers.extend(cookies[:-1])
    return response
