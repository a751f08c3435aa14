"""A plain `jupyter notebook` server with our extension: no hub, no sandbox."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lyceum import environments
from lyceum.notebook_extension import launch

REPOSITORY = Path(__file__).resolve().parents[2]
TOKEN = "for-the-tests-alone"


@dataclass
class NotebookServer:
    """A running server; ``home`` is what the learner sees as the work folder."""

    process: subprocess.Popen[bytes]
    url: str
    home: Path
    log: Path

    @property
    def api(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"token {TOKEN}"}, timeout=60
        )

    def notebook(self, *cells: str | dict[str, Any], kernel: str, name: str = "") -> str:
        """Write a notebook of code blocks (or given cells); its file name."""
        name = name or f"{uuid.uuid4().hex[:8]}.ipynb"
        content = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {
                "kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}
            },
            "cells": [_cell(one, f"cell-{index}") for index, one in enumerate(cells)],
        }
        (self.home / name).write_text(json.dumps(content))
        return name

    def cells(self, name: str) -> list[dict[str, Any]]:
        """The notebook's cells as they are on disk now.

        Jupyter writes the file in place, so it may be caught half written.
        """
        for _ in range(50):
            try:
                return json.loads((self.home / name).read_text())["cells"]
            except ValueError:
                time.sleep(0.05)
        raise AssertionError(f"{name} never was a notebook")

    def page(self, name: str, *, lab: bool = False) -> str:
        """The address of a notebook for a browser."""
        kind = "lab/tree" if lab else "notebooks"
        return f"{self.url}/{kind}/{name}?token={TOKEN}"

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start(
    home: Path, *, language: str, kernels: Iterable[Path], **variables: str
) -> NotebookServer:
    """Start a server in ``home``; ``kernels`` are folders as ``JUPYTER_PATH`` takes them."""
    port = _free_port()
    home.mkdir(parents=True, exist_ok=True)
    log = home.parent / f"{home.name}.log"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "JUPYTER_TOKEN": TOKEN,
        "JUPYTER_PATH": os.pathsep.join(str(folder) for folder in kernels),
        "LYCEUM_LANGUAGE": language,
        **launch.environment(language, REPOSITORY),
        **variables,
    }
    argv = [str(environments.python(environments.SERVER)), "-s", "-m", "notebook"]
    argv += ["--allow-root", "--no-browser", f"--port={port}", f"--ServerApp.root_dir={home}"]
    argv += ["--ServerApp.port_retries=0", "--KernelSpecManager.ensure_native_kernel=False"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            argv,
            env=environment,
            cwd=home,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = NotebookServer(process, f"http://127.0.0.1:{port}", home, log)
    _wait_until_up(server)
    return server


def _wait_until_up(server: NotebookServer) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            httpx.get(f"{server.url}/api", timeout=2)
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(server.log.read_text()[-4000:])


def _cell(source: str | dict[str, Any], cell_id: str) -> dict[str, Any]:
    if isinstance(source, dict):
        return {"id": cell_id, "metadata": {}, **source}
    code = {"cell_type": "code", "outputs": [], "execution_count": None}
    return {"id": cell_id, "metadata": {}, "source": source, **code}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
