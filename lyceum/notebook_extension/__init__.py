"""Lyceum's part of the notebook server: runs inside the sandbox, with jupyter_server.

Standard library, jupyter_server, jupyter-collaboration and tornado only; it
imports nothing else of the platform. How a server gets it: ``launch.py``.
"""

from __future__ import annotations


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "@lyceum/notebook"}]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    # Imported here so that launch.py can be read where jupyter_server is missing.
    from .app import LyceumNotebook

    return [{"module": "lyceum.notebook_extension", "app": LyceumNotebook}]
