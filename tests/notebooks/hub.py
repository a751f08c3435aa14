"""A hub for tests: JupyterHub's REST API over real HTTP, without JupyterHub.

It keeps named servers the way JupyterHub does (tests/hub proves ours against the
real one); a test decides when a spawn is ready or fails.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

SERVER = re.compile(r"/hub/api/users/(\d+)/servers/(\d+)(/progress)?$")
USER = re.compile(r"/hub/api/users/(\d+)$")


@dataclass
class Spawn:
    """A named server: ``spawn``, ``ready``, ``stop`` or ``failed``."""

    state: str = "spawn"
    run_id: str = ""
    failure: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)


class Hub:
    """The fake's memory, and what tests steer it with."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.users: set[int] = set()
        self.spawns: dict[tuple[int, int], Spawn] = {}
        self.requests: list[tuple[str, str]] = []
        self.refusal: tuple[int, str] | None = None
        self.stops_at_once = True
        self.changed = threading.Condition()

    def ready(self, user: int, project: int, run_id: str = "run-1") -> None:
        self._change(user, project, state="ready", run_id=run_id)

    def fail(self, user: int, project: int, failure: str) -> None:
        self._change(user, project, state="failed", failure=failure)

    def step(self, user: int, project: int, percent: int, stage: str) -> None:
        with self.changed:
            event = {"progress": percent, "message": stage, "stage": stage}
            self.spawns[user, project].events.append(event)
            self.changed.notify_all()

    def forget(self, user: int, project: int) -> None:
        with self.changed:
            del self.spawns[user, project]
            self.changed.notify_all()

    def state(self, user: int, project: int) -> str | None:
        found = self.spawns.get((user, project))
        return found.state if found else None

    def _change(self, user: int, project: int, **changes: Any) -> None:
        with self.changed:
            for name, value in changes.items():
                setattr(self.spawns[user, project], name, value)
            self.changed.notify_all()

    def user_model(self, user: int) -> dict[str, Any]:
        servers = {
            str(project): {
                "name": str(project),
                "ready": spawn.state == "ready",
                "pending": spawn.state if spawn.state in ("spawn", "stop") else None,
                "state": {"run_id": spawn.run_id} if spawn.run_id else {},
            }
            for (owner, project), spawn in self.spawns.items()
            if owner == user and spawn.state != "failed"
        }
        return {"name": str(user), "servers": servers}


class Handler(BaseHTTPRequestHandler):
    hub: ClassVar[Hub]
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: object) -> None:
        pass

    def answer(self, status: int, body: Any = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def received(self) -> Any:
        length = int(self.headers.get("Content-Length", 0))
        return json.loads(self.rfile.read(length) or b"null")

    def admitted(self) -> bool:
        self.hub.requests.append((self.command, self.path))
        self.body = self.received()
        if self.headers.get("Authorization") != f"token {self.hub.token}":
            self.answer(403, {"status": 403, "message": "Forbidden"})
            return False
        if self.hub.refusal and self.command == "POST":
            status, message = self.hub.refusal
            self.answer(status, {"status": status, "message": message})
            return False
        return True

    def do_GET(self) -> None:
        if not self.admitted():
            return
        path, _, _query = self.path.partition("?")
        if path == "/hub/api/users":
            users = {user for user, _project in self.hub.spawns}
            items = [self.hub.user_model(user) for user in sorted(users)]
            self.answer(200, {"items": items, "_pagination": {"next": None}})
        elif found := USER.match(path):
            user = int(found[1])
            known = user in self.hub.users
            self.answer(200 if known else 404, self.hub.user_model(user) if known else {})
        elif found := SERVER.match(path):
            self.progress(int(found[1]), int(found[2]))

    def progress(self, user: int, project: int) -> None:
        spawn = self.hub.spawns.get((user, project))
        if spawn is None:
            self.answer(404, {"message": "no such server"})
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in self.events_of(spawn):
            self.tell(event)
        if spawn.state == "ready":
            self.tell({"progress": 100, "ready": True, "message": "Server ready"})
        else:
            message = f"Spawn failed: {spawn.failure}"
            self.tell({"progress": 100, "failed": True, "message": message})
        self.close_connection = True

    def events_of(self, spawn: Spawn) -> Iterator[dict[str, Any]]:
        """Each event as it comes, until the spawn is over."""
        told = 0
        while True:
            with self.hub.changed:
                while len(spawn.events) == told and spawn.state == "spawn":
                    self.hub.changed.wait(20)
                events = spawn.events[told:]
            told += len(events)
            yield from events
            if spawn.state != "spawn":
                return

    def tell(self, event: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def do_POST(self) -> None:
        if not self.admitted():
            return
        if self.path == "/hub/api/users":
            new = {int(name) for name in self.body["usernames"]} - self.hub.users
            self.hub.users |= new
            self.answer(201 if new else 409, {"message": "All users already exist"})
            return
        found = SERVER.match(self.path)
        key = (int(found[1]), int(found[2]))
        if key[0] not in self.hub.users:
            self.answer(404, {"message": "no such user"})
        elif self.hub.state(*key) == "spawn":
            self.answer(202)
        elif self.hub.state(*key) in ("ready", "stop"):
            self.answer(400, {"status": 400, "message": f"{key} is {self.hub.state(*key)}"})
        else:
            self.hub.spawns[key] = Spawn()
            self.answer(202)

    def do_DELETE(self) -> None:
        if not self.admitted():
            return
        found = SERVER.match(self.path)
        key = (int(found[1]), int(found[2]))
        if self.hub.state(*key) is None:
            self.answer(404, {"message": "no such server"})
        elif self.hub.stops_at_once:
            self.hub.forget(*key)
            self.answer(204)
        else:
            self.hub._change(*key, state="stop")
            self.answer(202)


def serve(hub: Hub, port: int) -> ThreadingHTTPServer:
    """Serve ``hub`` on 127.0.0.1 until ``shutdown``."""
    handler = type("BoundHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
