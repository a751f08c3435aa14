"""The ASGI application: which address is whose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Gateway:
    """The gateway of the platform whose ``<home>/gateway`` is ``folder``."""

    def __init__(self, folder: Path, token: str) -> None:
        self._folder = folder
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; the lifespan starts and stops what works behind calls."""
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        status = 200 if scope["path"] == "/internal/health" else 404
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._folder.mkdir(parents=True, exist_ok=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
