"""The dashboard of a project, served as the notebook server's proxy starts it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from lyceum import environments
from tests.environments.making import HOME, Sandbox

PUBLIC_PATH = "/user/30799/33852/visualdl"


@contextmanager
def serve_dashboard(project: Sandbox) -> Iterator[str]:
    """The dashboard's origin on loopback, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = environments.dashboard_argv(
        project.environment, logdir=f"{HOME}/log", port=port, public_path=PUBLIC_PATH
    )
    origin = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*project.argv(), *argv]) as server:
        try:
            _wait(origin, server)
            yield origin
        finally:
            server.terminate()


def _wait(origin: str, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert server.poll() is None, "the dashboard ended"
        try:
            httpx.get(origin)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the dashboard does not answer after {seconds} s")
