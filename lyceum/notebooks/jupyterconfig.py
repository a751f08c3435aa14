"""Jupyter's configuration for a project, generated and mounted read-only.

It says which kernel there is: the project's environment, and no other. Outside
the work folder, so that neither the learner nor a forked project can change it.
The same for all projects of an environment, hence kept in
``<home>/jupyter/<environment>-<digest>``. What is the same for every notebook
comes with the notebook extension (``notebook_extension/config``).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from lyceum import environments
from lyceum.config import settings


def folder(environment: str) -> Path:
    """The folder on the host, written now if it is not there yet."""
    content = json.dumps(_config(environment), indent=1, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    parent = settings().root / "jupyter"
    wanted = parent / f"{environment}-{digest}"
    if not wanted.is_dir():
        fresh = parent / f".{secrets.token_hex(8)}"
        fresh.mkdir(parents=True)
        (fresh / "jupyter_server_config.json").write_text(content)
        _put(fresh, wanted)
    return wanted


def _put(fresh: Path, wanted: Path) -> None:
    """Rename the finished folder into place; of two writers the first one's stays."""
    try:
        os.rename(fresh, wanted)
    except OSError:
        shutil.rmtree(fresh)
        if not wanted.is_dir():
            raise


def _config(environment: str) -> dict[str, Any]:
    kernel = environments.get(environment).kernel_name
    return {
        "KernelSpecManager": {"allowed_kernelspecs": [kernel], "ensure_native_kernel": False},
        "MultiKernelManager": {"default_kernel_name": kernel},
    }
