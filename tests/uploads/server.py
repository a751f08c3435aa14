"""The real tus server as a process, and requests to it down to the single byte."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from tusclient.client import TusClient
from tusclient.uploader import Uploader

from lyceum.cli.parts import uploads_command
from tests.uploads.portal import TOKEN

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = {**TUS, "Content-Type": "application/offset+octet-stream"}
MEGABYTE = 1 << 20


@dataclass
class UploadsServer:
    """``frontend/dist/uploads/main.js`` on a port and a folder of its own."""

    folder: Path
    port: int
    portal_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/uploads/"

    def start(self) -> None:
        environment = {
            "LYCEUM_UPLOADS_PORT": str(self.port),
            "LYCEUM_UPLOADS_FOLDER": str(self.folder),
            "LYCEUM_UPLOADS_PORTAL": f"http://127.0.0.1:{self.portal_port}",
            "LYCEUM_UPLOADS_TOKEN": TOKEN,
        }
        self.process = subprocess.Popen(uploads_command(), env={**os.environ, **environment})
        until(lambda: httpx.get(f"http://127.0.0.1:{self.port}/health").status_code == 200)

    def stop(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)

    @property
    def resident(self) -> int:
        """Bytes of memory that the process holds."""
        return psutil.Process(self.process.pid).memory_info().rss

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        found = psutil.Process(self.process.pid).net_connections("tcp")
        return sum(each.status == "ESTABLISHED" and each.laddr.port == self.port for each in found)

    def done(self, upload: str) -> dict[str, object] | None:
        path = self.folder / f"{upload}.done"
        return json.loads(path.read_text()) if path.exists() else None

    def size(self, upload: str) -> int:
        return (self.folder / upload).stat().st_size


def until(true, seconds: float = 20) -> None:
    """Wait until ``true()`` is, or fail."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if true():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


def metadata(path: str = "train/a.csv", draft: str = "a-draft") -> str:
    pairs = {"draft": draft, "path": path, "filename": "ignored"}
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs.items())


def client(url: str, user: str = "alice") -> httpx.Client:
    return httpx.Client(base_url=url, headers={**TUS, "Cookie": f"user={user}"}, timeout=60)


def create(server: UploadsServer, size: int, *, user: str = "alice", **headers: str) -> str:
    """The id of a new upload of ``size`` bytes."""
    with client(server.url, user) as http:
        answer = http.post(
            "", headers={"Upload-Length": str(size), "Upload-Metadata": metadata(), **headers}
        )
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"].removeprefix("/uploads/")


def offset(server: UploadsServer, upload: str, user: str = "alice") -> int:
    with client(server.url, user) as http:
        answer = http.head(upload)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["Upload-Offset"])


def append(server: UploadsServer, upload: str, at: int, data: bytes) -> httpx.Response:
    with client(server.url) as http:
        return http.patch(upload, content=data, headers={**PATCH, "Upload-Offset": str(at)})


def tuspy(server: UploadsServer, file: Path, *, user: str = "alice", **options) -> Uploader:
    given = {"chunk_size": MEGABYTE, "metadata": {"draft": "a-draft", "path": file.name}}
    return TusClient(server.url, headers={"Cookie": f"user={user}"}).uploader(
        str(file), **given, **options
    )


def raw(server: UploadsServer, upload: str, *, at: int = 0, **headers: str) -> socket.socket:
    """A connection on which a PATCH's head was sent and its body may follow."""
    lines = {**PATCH, "Cookie": "user=alice", "Upload-Offset": str(at), **headers}
    head = f"PATCH /uploads/{upload} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall(f"{head}\r\n".encode())
    return connection


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
