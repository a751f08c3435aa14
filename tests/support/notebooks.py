"""Runs an official notebook as a learner would: in its environment, top to bottom."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from lyceum import environments
from lyceum.cli.examples import EXAMPLES, Source

SECONDS_PER_BLOCK = 240
NOWHERE = "http://127.0.0.1:9"  # what asks the network by HTTP fails at once


def lay_out_home(source: Source, home: Path) -> None:
    """Fill ``home`` as the project's ``/home/aistudio`` is in the sandbox."""
    for path, data in source.files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(data)
    for number, slug in enumerate(source.about["datasets"], start=101):
        shutil.copytree(
            EXAMPLES / "datasets" / slug,
            home / "data" / f"data{number}",
            ignore=shutil.ignore_patterns("dataset.toml"),
        )


def execute(source: Source, home: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs; raises ``CellExecutionError`` where a block fails.

    Builds the environment if needed.
    """
    name = source.about["environment"]
    environments.build(name)
    lay_out_home(source, home)
    notebook = nbformat.reads(source.notebook.decode(), as_version=4)
    specs = KernelSpecManager(kernel_dirs=[str(environments.jupyter_path(name) / "kernels")])
    kernel = environments.get(name).kernel_name
    manager = AsyncKernelManager(kernel_name=kernel, kernel_spec_manager=specs)
    client = NotebookClient(
        notebook,
        km=manager,
        kernel_name=kernel,
        timeout=SECONDS_PER_BLOCK,
        resources={"metadata": {"path": str(home)}},
    )
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    offline = {"http_proxy": NOWHERE, "https_proxy": NOWHERE, "all_proxy": NOWHERE}
    return client.execute(cwd=str(home), env={**kept, **offline, "HOME": str(home)})
