"""A Ray cluster on loopback, each machine a raylet with an address of its own.

Started as docs/operators/cluster.md says, with a token, and ended by process number:
other clusters of this machine stay.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

RAY = Path(sys.executable).with_name("ray")
START_SECONDS = 180
NAMES = ("alpha", "beta")
CPUS = 2


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class DidNotStart(Exception):
    """A machine of the cluster, with what it said."""


@dataclass
class Cluster:
    """Machines ``alpha``, which is the head, and ``beta``, with two CPUs each."""

    folder: Path
    token: str = field(default_factory=lambda: secrets.token_hex(32))
    machines: dict[str, subprocess.Popen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port, self.dashboard, self.clients = free_ports(3)

    @property
    def address(self) -> str:
        """What RAY_ADDRESS is set to."""
        return f"http://127.0.0.1:{self.dashboard}"

    def start(self, names: tuple[str, ...] = NAMES) -> None:
        """These machines, the head first, and wait until they are there."""
        head, *others = names
        self._start(
            head,
            *("--head", f"--port={self.port}", f"--temp-dir={self.folder}"),
            *("--dashboard-host=127.0.0.1", f"--dashboard-port={self.dashboard}"),
            f"--ray-client-server-port={self.clients}",
        )
        self._await({head})
        for name in others:
            self._join(name)
        self._await(set(names))

    def _join(self, name: str) -> None:
        self._start(name, f"--address={host(NAMES[0])}:{self.port}")

    def mend(self) -> None:
        """Start the machines again that a test has killed; a failed one may be repeated."""
        for name in NAMES[1:]:
            if self.machines[name].poll() is not None:
                self._join(name)
        self._await(set(NAMES))

    def _start(self, name: str, *options: str) -> None:
        listen, grpc, metrics = free_ports(3)
        words = [
            *(str(RAY), "start", "--block", f"--node-name={name}"),
            *(f"--node-ip-address={host(name)}", f"--num-cpus={CPUS}"),
            *("--object-store-memory=80000000", "--disable-usage-stats"),
            *(f"--dashboard-agent-listen-port={listen}", f"--metrics-export-port={metrics}"),
            f"--dashboard-agent-grpc-port={grpc}",
            *options,
        ]
        variables = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self.token,
            # A machine that is gone is noticed in 3 s instead of 15.
            "RAY_health_check_period_ms": "1000",
            "RAY_health_check_failure_threshold": "3",
        }
        with (self.folder / f"{name}.out").open("wb") as output:
            self.machines[name] = subprocess.Popen(
                words,
                env={**os.environ, **variables},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _await(self, names: set[str]) -> None:
        until = time.monotonic() + START_SECONDS
        while not names <= self._alive():
            for name, process in self.machines.items():
                if process.poll() is not None:
                    raise DidNotStart((self.folder / f"{name}.out").read_text()[-2000:])
            if time.monotonic() > until:
                raise DidNotStart(f"{names} did not come up")
            time.sleep(0.3)

    def _alive(self) -> set[str]:
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            answer = httpx.get(f"{self.address}/api/v0/nodes", headers=headers, trust_env=False)
            found = answer.raise_for_status().json()["data"]["result"]["result"]
        except (httpx.HTTPError, ValueError, KeyError):
            return set()
        return {node["node_name"] for node in found if node["state"] == "ALIVE"}

    def kill(self, name: str) -> None:
        """SIGKILL to Ray's processes of a machine, but to none of a sandbox.

        A machine without power would take those too; this is the harder case, and who
        still has the machine's Ray must end them.
        """
        for process in self._processes(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.machines[name].wait(timeout=30)

    def _processes(self, name: str) -> list[psutil.Process]:
        """Also what a machine that ended has left: all are of the session it was given."""
        session = self.machines[name].pid
        found = {one for one in psutil.process_iter() if _session(one) == session}
        found |= {child for one in list(found) for child in _children(one)}
        return [process for process in found if not _of_sandbox(process)]

    def stop(self) -> None:
        """End all of it, with no farewell: that would take Ray 10 s."""
        for name in self.machines:
            self.kill(name)
        shutil.rmtree(self.folder, ignore_errors=True)


def host(name: str) -> str:
    """A machine's address: all of 127.0.0.0/8 is this machine's own."""
    return f"127.0.0.{2 + NAMES.index(name)}"


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except OSError:
        return None


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _of_sandbox(process: psutil.Process) -> bool:
    try:
        return "lyceum.engine.shim" in " ".join(process.cmdline())
    except psutil.Error:
        return False


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[Cluster]:
    """Two raylets; their folder's path is short, as those of sockets must be."""
    cluster = started()
    try:
        yield cluster
    finally:
        cluster.stop()


def started(names: tuple[str, ...] = NAMES) -> Cluster:
    """A cluster of these machines.

    Ray gives a machine 30 s to start, which a busy one may not make.
    """
    for left in (2, 1, 0):
        cluster = Cluster(Path(tempfile.mkdtemp(prefix="lyceum-ray-")))
        try:
            cluster.start(names)
            return cluster
        except BaseException as error:
            cluster.stop()
            if not left or not isinstance(error, DidNotStart):
                raise
    raise AssertionError("unreachable")
