"""A gateway and workers as processes, on a home and a port of their own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from lyceum.config import Settings
from lyceum.gateway import client
from lyceum.gateway.nodes import secret_of

WORKER = Path(__file__).with_name("worker.py")
KEY = "the-key-of-the-first-service"
OTHER_KEY = "another-key"
INPUTS = [
    {"name": "do", "type": "string", "required": False, "default": "double"},
    {"name": "x", "type": "float", "required": False, "maximum": 1000.0},
    {"name": "hostile", "type": "string", "required": False},
    {"name": "more", "type": "array", "required": False},
]


def until(true: Callable[[], Any], what: str = "it", seconds: float = 10) -> Any:
    """Poll ``true`` until it gives something true; ``AssertionError`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if value := true():
                return value
        except (httpx.HTTPError, client.GatewayUnreachable, OSError, KeyError):
            pass
        time.sleep(0.01)
    raise AssertionError(f"{what}: not within {seconds} s")


@dataclass
class Worker:
    """A replica's worker process; ``log`` names its pids and the sizes of its batches."""

    uid: str
    folder: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """The child that works now."""
        return int(self.lines("pid")[-1])

    @property
    def batches(self) -> list[int]:
        return [int(size) for size in self.lines("batch")]

    def lines(self, name: str) -> list[str]:
        found = (line.split() for line in self.log.read_text().splitlines())
        return [value for kind, value in found if kind == name]

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Stack:
    """One gateway; ``services`` is what its routes file is written from."""

    home: Path
    port: int
    services: dict[int, dict[str, Any]] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    version: int = 0
    process: subprocess.Popen[bytes] | None = None
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, verify=False))

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, port=self.port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.gateway_port}"

    def start(self) -> None:
        environ = {**os.environ, "LYCEUM_HOME": str(self.home), "LYCEUM_PORT": str(self.port)}
        self.process = subprocess.Popen([sys.executable, "-m", "lyceum.gateway"], env=environ)
        until(lambda: httpx.get(f"{self.url}/internal/health").is_success, "the gateway's start")

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.http.close()
        for worker in self.workers.values():
            worker.stop()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(10) in (0, -signal.SIGTERM)

    def serve(self, pk: int = 1, **changes: Any) -> dict[str, Any]:
        """Make or change a service and write the routes."""
        service = self.services.setdefault(
            pk,
            {
                "service": pk,
                "path": f"sandbox/public{pk}",
                "name": "House prices",
                "description": "",
                "state": "running",
                "reason": "",
                "wake": False,
                "redact": False,
                "active_revision": 1,
                "inputs": INPUTS,
                "outputs": [],
                "keys": [key(1, KEY)],
                "limits": {"body_bytes": 100_000, "timeout_seconds": 5, "queue": 500},
                "batch": True,
                "replicas": [],
            },
        )
        service.update(changes)
        self.write()
        return service

    def write(self) -> int:
        """Replace the routes file; gives its version."""
        self.version += 1
        found = {"version": self.version, "services": list(self.services.values())}
        path = self.home / "gateway" / "routes.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(found))
        fresh.replace(path)
        return self.version

    def taken(self) -> None:
        """Wait until the gateway works by the newest routes."""
        until(lambda: client.status(current=self.settings).version == self.version, "new routes")

    def replica(
        self, pk: int = 1, revision: int = 1, *, remote: bool = False, **environ: str
    ) -> Worker:
        """Add a replica with a running worker, and wait until the gateway knows it.

        ``remote``: the worker dials as one on another machine does.
        """
        uid = uuid.uuid4().hex
        place = "socket"
        if remote:
            place = "{}:{}".format(*self.settings.nodes_address)
            environ["WORKER_SECRET"] = self.secret(uid)
        folder = self.home / "gateway" / "replicas" / uid
        folder.mkdir(parents=True)
        log = self.home / f"{uid}.log"
        process = subprocess.Popen(
            [sys.executable, "-S", str(WORKER), place, uid, str(log)],
            cwd=folder,  # the path of a socket has 108 bytes
            env={**os.environ, **environ},
            start_new_session=True,
        )
        worker = self.workers[uid] = Worker(uid, folder, log, process)
        self.services[pk]["replicas"] += [{"id": uid, "revision": revision, "folder": str(folder)}]
        self.write()
        if "WORKER_FAILS" not in environ:
            until(lambda: self.status(uid).ready, "a ready worker")
        return worker

    def secret(self, uid: str) -> str:
        """What a worker of the replica ``uid`` shows where all dial one port."""
        return secret_of(self.settings.secrets().internal_token, uid)

    def remove(self, worker: Worker, pk: int = 1) -> None:
        """Take a replica out of the routes and stop its worker."""
        service = self.services[pk]
        service["replicas"] = [each for each in service["replicas"] if each["id"] != worker.uid]
        self.write()
        self.taken()
        self.workers.pop(worker.uid).stop()

    def status(self, uid: str) -> client.ReplicaStatus:
        return client.status(current=self.settings).replicas[uid]

    def service(self, pk: int = 1) -> client.ServiceStatus:
        return client.status(current=self.settings).services[pk]

    def address(self, pk: int = 1, plain: str | None = KEY) -> str:
        query = "" if plain is None else f"?apiKey={plain}"
        return f"{self.url}/serving/{self.services[pk]['path']}{query}"

    def call(
        self, body: Any = None, pk: int = 1, plain: str | None = KEY, **more: Any
    ) -> httpx.Response:
        """POST a body, ``bytes`` as they are and anything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        headers = {"Content-Type": "application/json", **more.pop("headers", {})}
        address = self.address(pk, plain)
        return self.http.post(address, content=content, headers=headers, **more)

    def raw(self, data: bytes, seconds: float = 20) -> bytes:
        """What the gateway says to these bytes until it closes or says no more."""
        port = self.settings.gateway_port
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.sendall(data)
            said = b""
            while piece := connection.recv(65536):
                said += piece
                if said.endswith(b"}"):
                    break
            return said


def key(
    pk: int, plain: str, rate: int = 1_000_000, expires: float | None = None
) -> dict[str, Any]:
    digest = hashlib.sha256(plain.encode()).hexdigest()
    return {"id": pk, "digest": digest, "rate_per_minute": rate, "expires": expires}


@contextmanager
def running(port: int) -> Iterator[Stack]:
    home = Path(tempfile.mkdtemp(prefix="lyceum-gateway-"))
    stack = Stack(home, port)
    try:
        stack.start()
        yield stack
    finally:
        stack.close()
        shutil.rmtree(home, ignore_errors=True)


def error(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Status, code and field of an error."""
    found = answer.json()["error"]
    assert set(found) == {"code", "message", "field"}
    assert found["message"]
    return answer.status_code, found["code"], found["field"]
