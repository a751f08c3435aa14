"""Jupyter's configuration for a project, generated and mounted read-only.

Outside the work folder, so that neither the learner nor a forked project can
change what the platform relies on. The same for all projects of an environment
and a language, hence kept in ``<home>/jupyter/<environment>-<language>-<digest>``.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from lyceum import environments
from lyceum.config import settings

MOUNTED = PurePosixPath("/opt/lyceum/jupyter")
_LOCALES = {"zh-hans": "zh_CN"}


def folder(environment: str, language: str) -> Path:
    """The folder on the host, written now if it is not there yet."""
    files = _files(environment, language)
    digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:12]
    parent = settings().root / "jupyter"
    wanted = parent / f"{environment}-{language}-{digest}"
    if not wanted.is_dir():
        fresh = parent / f".{secrets.token_hex(8)}"
        for path, content in files.items():
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            (fresh / path).write_text(json.dumps(content, indent=1))
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


def _files(environment: str, language: str) -> dict[str, Any]:
    kernel = environments.get(environment).kernel_name
    settings_folder = {"app_settings_dir": str(MOUNTED / "lab")}
    return {
        "jupyter_server_config.json": {
            "KernelSpecManager": {"allowed_kernelspecs": [kernel], "ensure_native_kernel": False},
            "MultiKernelManager": {"default_kernel_name": kernel},
            "LabApp": settings_folder,
            "JupyterNotebookApp": settings_folder,
        },
        "lab/overrides.json": {
            "@jupyterlab/translation-extension:plugin": {
                "locale": _LOCALES.get(language, "default"),
            },
        },
    }
