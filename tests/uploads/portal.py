"""A portal that knows the tus server's three questions (lyceum/datasets/internal.py) only."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "the-platforms-own"
LARGEST = 1 << 30


@dataclass
class Portal:
    """Uploads belong to the user that the ``user`` cookie names; ``heard`` is what was asked,
    which is answered while ``may_answer`` is set."""

    port: int
    owners: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        self.may_answer.set()
        handler = type("Handler", (_Handler,), {"portal": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, path: str, user: str, body: dict[str, Any]) -> tuple[int, str, str]:
        """Status, code and sentence; of what is allowed, no code and the body."""
        if not user:
            return 401, "login_required", "Please sign in."
        found = re.fullmatch(r"/internal/uploads/(?:([0-9a-f]{32})/(access|end))?", path)
        assert found, path
        upload, what = found.groups()
        if not upload:
            return 200, "", json.dumps({"refusals": self._refusals(user, body["uploads"])})
        if self.owners.get(upload) != user:
            return 404, "no_such_upload", "There is no such upload."
        if what == "end":
            del self.owners[upload]
        return 204, "", ""

    def _refusals(self, user: str, uploads: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        refusals = {}
        for each in uploads:
            if each["size"] > LARGEST:
                refusals[each["id"]] = {
                    "status": 413, "code": "file_too_large", "message": "“大” is too large.",
                    "field": "files",
                }  # fmt: skip
            else:
                self.owners[each["id"]] = user
        return refusals


class _Handler(BaseHTTPRequestHandler):
    portal: Portal

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        asked = json.loads(self.rfile.read(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.portal.heard.append((self.path, headers, asked))
        self.portal.may_answer.wait(30)
        user = headers.get("cookie", "").partition("user=")[2]
        status, code, message = self.portal.answer(self.path, user, asked)
        if headers.get("x-lyceum-internal") != TOKEN:
            status, code = 401, "not_internal"
        body = b"" if code else message.encode()
        if code:
            body = json.dumps({"code": code, "message": message, "field": "files"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the tests' output."""
