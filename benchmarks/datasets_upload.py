"""Are uploads as quick as a web server that only writes them down, and memory flat?

Sends the same bytes over loopback, by the same client, through the front door to the
tus server, to the tus server alone, and to nginx with ``client_body_in_file_only``.
nginx neither hashes nor waits for the disk, the tus server does both. The three take
turns, and the fastest turns are compared: whatever else runs on the machine only adds
time, and most to what takes most processors. Fails when nginx's time is below 0.7 of that
through the front door, a hash is wrong, or a part grows by more than 50 MB.

    python -m benchmarks.datasets_upload [--megabytes 2048] [--rounds 9]

Installs nginx with apt-get when it is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from lyceum.cli.parts import parts
from lyceum.config import Settings
from tests.support.platform import free_ports

CHECKOUT = Path(__file__).resolve().parents[1]
OWNER = CHECKOUT / "tests" / "uploads" / "owner.py"
LEAST_RATIO = 0.7
MOST_GROWTH = 50.0
MEASURED = ("portal", "uploads", "proxy")
PIECE = os.urandom(1 << 20)
NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path {folder}/bodies; client_body_in_file_only on;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{behind}; proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }}
  }}
  server {{ listen 127.0.0.1:{behind}; return 204; }}
}}
"""


@dataclass
class Memory:
    """How much each watched process has grown since ``settle``, in MB, at most."""

    processes: dict[str, psutil.Process]
    first: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def settle(self) -> None:
        self.first = {name: each.memory_info().rss for name, each in self.processes.items()}
        self.most = dict(self.first)
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> dict[str, float]:
        self._over.set()
        return {name: (self.most[name] - self.first[name]) / 1e6 for name in self.processes}

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for name, process in self.processes.items():
                self.most[name] = max(self.most[name], process.memory_info().rss)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--megabytes", type=int, default=2048)
    options.add_argument("--rounds", type=int, default=9)
    chosen = options.parse_args()
    install_nginx()
    home = Path(tempfile.mkdtemp(prefix="lyceum-bench-"))
    home.chmod(0o755)  # nginx's worker is another user
    os.environ |= {"LYCEUM_HOME": str(home), "DJANGO_SETTINGS_MODULE": "lyceum.portal.settings"}
    try:
        with contextlib.ExitStack() as stack:
            return measure(home, stack, chosen.megabytes, chosen.rounds)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def install_nginx() -> None:
    if find_nginx() is None:
        print("nginx is missing; installing nginx-light with apt-get", flush=True)
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nginx-light"]
        subprocess.run([*as_root, *install], check=True, stdout=subprocess.DEVNULL)


def find_nginx() -> str | None:
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


def measure(home: Path, stack: contextlib.ExitStack, megabytes: int, rounds: int) -> int:
    settings = Settings(home=home, port=free_ports())
    os.environ["LYCEUM_PORT"] = str(settings.port)
    processes = stack.enter_context(platform(settings))
    nginx_port = stack.enter_context(nginx(home / "nginx"))
    tus = Tus(settings, owner())
    ways: dict[str, Callable[[int], float]] = {
        "front door": lambda size: tus.send(settings.port, size),
        "tus server alone": lambda size: tus.send(settings.uploads_port, size),
        "nginx": lambda size: put(nginx_port, home / "nginx" / "bodies", size),
    }
    for send in ways.values():
        send(16)
    memory = Memory({name: psutil.Process(pid) for name, pid in processes.items()})
    memory.settle()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in sorted(ways, reverse=number % 2 == 1):
            os.sync()
            seconds[name].append(ways[name](megabytes))
    return report(seconds, megabytes, memory.stop())


@contextlib.contextmanager
def platform(settings: Settings) -> Iterator[dict[str, int]]:
    """The front door, the portal and the tus server as ``lyceum up`` starts them; their pids."""
    manage = [sys.executable, str(CHECKOUT / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], check=True)
    subprocess.run([*manage, "createcachetable", "-v0"], check=True)
    wanted = [part for part in parts(settings) if part.name in MEASURED]
    with contextlib.ExitStack() as stack:
        started = {}
        for part in wanted:
            process = stack.enter_context(run(part.argv, part.env))
            started[part.name] = process.pid
        for part in wanted:
            wait_for(str(part.health_url))
        yield started


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[int]:
    """nginx that writes each body into a file of its own; its port."""
    (folder / "bodies").mkdir(parents=True)
    port = free_ports(2)
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, behind=port + 1))
    with run((str(find_nginx()), "-c", str(config)), {}):
        wait_for(f"http://127.0.0.1:{port + 1}/")
        yield port


@contextlib.contextmanager
def run(argv: tuple[str, ...], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(argv, env={**os.environ, **env}, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


def wait_for(url: str) -> None:
    for _ in range(600):
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url).is_success:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def owner() -> dict[str, str]:
    """A learner's session and open draft."""
    argv = [sys.executable, str(OWNER), "draft", "sender"]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    return json.loads(subprocess.run(argv, env=env, check=True, capture_output=True).stdout)


@dataclass
class Tus:
    """Uploads of one learner, each in the place of the one before."""

    settings: Settings
    owner: dict[str, str]

    def send(self, port: int, megabytes: int) -> float:
        """Seconds from the first byte to the answer; the upload and its hash are right."""
        from tests.uploads.server import PATCH, TUS, metadata

        cookie = {"Cookie": self.owner["cookie"]}
        about = {
            "Upload-Length": str(megabytes << 20),
            "Upload-Metadata": metadata("a.bin", self.owner["draft"]),
        }
        made = httpx.post(f"http://127.0.0.1:{port}/uploads/", headers={**TUS, **cookie, **about})
        assert made.status_code == 201, made.text
        location = made.headers["Location"]
        spent = send("PATCH", port, location, megabytes, {**PATCH, **cookie, "Upload-Offset": "0"})
        upload = self.settings.root / "uploads" / location.rpartition("/")[2]
        done = json.loads(upload.with_suffix(".done").read_text())
        assert done == {"sha256": expected_hash(megabytes), "size": megabytes << 20}
        upload.unlink()
        return spent


def put(port: int, bodies: Path, megabytes: int) -> float:
    """Seconds that nginx takes for the same bytes; they are on disk as far as it cares."""
    spent = send("PUT", port, "/a.bin", megabytes, {})
    (body,) = (path for path in bodies.rglob("*") if path.is_file())
    assert body.stat().st_size == megabytes << 20
    body.unlink()
    return spent


def send(method: str, port: int, path: str, megabytes: int, headers: dict[str, str]) -> float:
    given = {"Host": f"127.0.0.1:{port}", "Content-Length": str(megabytes << 20), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    head = "\r\n".join([*lines, "", ""]).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=300) as connection:
        began = time.perf_counter()
        connection.sendall(head)
        for _ in range(megabytes):
            connection.sendall(PIECE)
        answer = connection.recv(4096)
        spent = time.perf_counter() - began
    assert answer.startswith(b"HTTP/1.1 204 "), answer
    return spent


_HASHES: dict[int, str] = {}


def expected_hash(megabytes: int) -> str:
    if megabytes not in _HASHES:
        seen = hashlib.sha256()
        for _ in range(megabytes):
            seen.update(PIECE)
        _HASHES[megabytes] = seen.hexdigest()
    return _HASHES[megabytes]


def report(seconds: dict[str, list[float]], megabytes: int, growth: dict[str, float]) -> int:
    head = f"{megabytes} MB"
    print(f"{head:18}{'fastest s':>12}{'MB/s':>8}{'ratio':>8}{'median s':>12}{'ratio':>8}")
    ratios = {}
    for name, spent in seconds.items():
        ratios[name] = min(seconds["nginx"]) / min(spent)
        medians = statistics.median(seconds["nginx"]), statistics.median(spent)
        print(
            f"{name:18}{min(spent):12.2f}{megabytes / min(spent):8.0f}{ratios[name]:8.2f}"
            f"{medians[1]:12.2f}{medians[0] / medians[1]:8.2f}"
        )
    for name, grown in growth.items():
        print(f"{name} grew by {grown:.0f} MB at most, allowed {MOST_GROWTH:.0f}")
    print(f"fastest through the front door {ratios['front door']:.2f}, wanted {LEAST_RATIO}")
    return int(ratios["front door"] < LEAST_RATIO or max(growth.values()) > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
