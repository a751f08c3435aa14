"""Servers for these tests, run from the notebook-server environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lyceum import environments
from lyceum.environments import interpreters
from tests.notebook_extension.platform import Platform
from tests.notebook_extension.server import NotebookServer, start
from tests.support.environments import SHARED

MODERN = "sklearn-py311"
OLD = "python2"
"""The oldest kernel that learners have: ipykernel 4.10.1 on Python 2.7."""


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Kernels by name, each with the folder for ``JUPYTER_PATH``; the old one where 2.7 is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))
        yield _kernels(tmp_path_factory)


def _kernels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    for name in (environments.SERVER, MODERN):
        environments.build(name)
    found = {environments.get(MODERN).kernel_name: environments.jupyter_path(MODERN)}
    python2 = interpreters.find("2.7")
    if python2 is not None:
        found[OLD] = _old_kernel(python2.executable, tmp_path_factory.mktemp(OLD))
    return found


def _old_kernel(interpreter: Path, folder: Path) -> Path:
    """The old kernel alone: the environment of that age takes minutes to install."""
    python = folder / "venv" / "bin" / "python"
    virtualenv = [sys.executable, "-m", "virtualenv", "-q", "-p", str(interpreter)]
    subprocess.run([*virtualenv, str(folder / "venv")], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "ipykernel==4.10.1"], check=True)
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 2",
        "language": "python",
    }
    (folder / "kernels" / OLD).mkdir(parents=True)
    (folder / "kernels" / OLD / "kernel.json").write_text(json.dumps(spec))
    return folder


@pytest.fixture(scope="session")
def modern(kernels: dict[str, Path]) -> str:
    """The name of a present-day environment's kernel, with matplotlib and a Chinese font."""
    return next(iter(kernels))


@pytest.fixture(scope="session")
def server(
    kernels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NotebookServer]:
    """One English server for all tests that change nothing of it."""
    running = start(
        tmp_path_factory.mktemp("notebook") / "home", language="en", kernels=kernels.values()
    )
    yield running
    running.stop()


@pytest.fixture(scope="session")
def chinese_server(
    kernels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NotebookServer]:
    home = tmp_path_factory.mktemp("notebook") / "home"
    running = start(home, language="zh-hans", kernels=kernels.values())
    yield running
    running.stop()


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    running = Platform()
    yield running
    running.server.shutdown()


@pytest.fixture(scope="session")
def connected(
    kernels: dict[str, Path], platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NotebookServer]:
    running = start(
        tmp_path_factory.mktemp("notebook") / "home",
        language="en",
        kernels=kernels.values(),
        LYCEUM_API_URL=platform.url,
        LYCEUM_PROJECT_TOKEN="the-projects-token",
        LYCEUM_PROJECT_ID="33852",
        LYCEUM_PORTAL_URL="http://portal.example",
    )
    yield running
    running.stop()


@pytest.fixture(scope="session", autouse=True)
def labextension() -> Path:
    """The built front end; these tests mean nothing without it."""
    folder = Path(__file__).parents[2] / "lyceum/notebook_extension/labextension/@lyceum/notebook"
    if not (folder / "package.json").is_file():
        message = "build frontend/jupyter-extension first: npm ci && npm run build"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return folder
