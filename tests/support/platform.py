"""A whole platform, started as an operator starts it."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.environments import SHARED

READY = re.compile(r"^Lyceum is ready: (\S+)$", re.MULTILINE)
LOGIN_LINK = re.compile(r"(http\S+)\s*\Z", re.MULTILINE)
LYCEUM = Path(sys.executable).with_name("lyceum")
CHECKOUT = Path(__file__).parents[2]
START_SECONDS = 600  # a first start builds the notebook environments
_PORTS_FROM, _PORTS_EACH, _PORT_RANGES = 12_000, 5_000, 4


@dataclass
class Platform:
    """A platform started by ``lyceum up`` with a home and ports of its own."""

    home: Path
    port: int
    env: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """What ``lyceum up`` has printed so far."""
        return (self.home / "up.out").read_text()

    @property
    def admin_link(self) -> str:
        """The administrator's one-time login link of the last start."""
        return re.findall(r"http://\S+", self.output)[-1]

    def start(self, *, seconds: float = START_SECONDS) -> float:
        """Start, wait until it says that it is ready, and return how long that took."""
        self.home.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with (self.home / "up.out").open("w") as output:
            self.process = subprocess.Popen(
                [str(LYCEUM), "up"],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        while time.monotonic() - began < seconds:
            if READY.search(self.output):
                return time.monotonic() - began
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the platform did not start:\n{self.output}")

    def environment(self) -> dict[str, str]:
        """The variables that every command about this platform needs."""
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LYCEUM_", "DJANGO_")) and name != "DATABASE_URL"
        }
        return {
            **clean,
            "LYCEUM_HOME": str(self.home),
            "LYCEUM_PORT": str(self.port),
            "LYCEUM_ENVIRONMENTS": str(SHARED),
            "COLUMNS": "200",
            **self.env,
        }

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``lyceum …`` against this platform."""
        return subprocess.run(
            [str(LYCEUM), *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def token(self, name: str) -> str:
        """An access token of the learner ``name``, who is made if need be."""
        environment = {
            **self.environment(),
            "DJANGO_SETTINGS_MODULE": "lyceum.portal.settings",
            "PYTHONPATH": str(CHECKOUT),
        }
        return subprocess.run(
            [sys.executable, "-m", "tests.support.token_for", name],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.strip()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop the supervisor and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


def free_ports(count: int = 6) -> int:
    """The first of ``count`` neighbouring ports that nobody listens on.

    Below those that the kernel gives to outgoing connections, and of each of the workers
    that run tests side by side in a range of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _PORTS_FROM + worker % _PORT_RANGES * _PORTS_EACH
    while True:
        port = random.randrange(first, first + _PORTS_EACH - count)
        if all(_is_free(port + offset) for offset in range(count)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """One running platform for all browser tests; ``platform.url`` is its address."""
    started = Platform(home=Path(tempfile.mkdtemp(prefix="lyceum-platform-")), port=free_ports())
    try:
        started.start()
        yield started
    finally:
        if started.process and started.process.poll() is None:
            started.stop()
        shutil.rmtree(started.home, ignore_errors=True)
