"""The front door: configurable-http-proxy, which sends each request by its host.

The notebooks' host name belongs to the hub and to notebook servers; everything
else goes to the portal, so no path on the portal's host can reach a notebook
server (docs/adr/0002-notebook-origin.md). Of what the portal would get, ``/uploads/``
goes to the tus server and ``/serving/`` to the gateway; ``frontend/frontdoor/main.ts``
knows that by itself, so that no restart can lose it (docs/adr/0004-tus-server.md).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lyceum.config import Settings

CHECKOUT = Path(__file__).resolve().parents[2]
ERROR_PAGES = Path(__file__).parent / "error_pages"
NODE_BIN = CHECKOUT / ".tools/node/bin"
DOOR = CHECKOUT / "frontend/dist/frontdoor/main.js"
SCRIPT = CHECKOUT / "frontend/node_modules/configurable-http-proxy/bin/configurable-http-proxy"


class FrontDoorMissing(Exception):
    """Node or configurable-http-proxy is not installed; the message says which."""


def node() -> str:
    """The Node program: the one that setup brought, else the machine's.

    Raises ``FrontDoorMissing`` when there is neither.
    """
    found = shutil.which("node", path=f"{NODE_BIN}{os.pathsep}{os.environ.get('PATH', '')}")
    if not found:
        raise FrontDoorMissing("Node is not installed; run `make setup`.")
    return found


def script() -> Path:
    """configurable-http-proxy's own command, which the front door is measured against.

    Raises ``FrontDoorMissing`` when npm has not installed it.
    """
    if not SCRIPT.exists():
        raise FrontDoorMissing("configurable-http-proxy is not installed; run `make setup`.")
    return SCRIPT


def command(settings: Settings) -> list[str]:
    """The front door's argv; :func:`environment` gives the variables it needs.

    Raises ``FrontDoorMissing`` when ``scripts/setup`` has not built it.
    """
    if not DOOR.exists():
        raise FrontDoorMissing("The front door is not built; run `make setup`.")
    return [
        node(),
        str(DOOR),
        f"--ip={settings.host}",
        f"--port={settings.port}",
        f"--api-port={settings.proxy_api_port}",
        f"--portal=http://127.0.0.1:{settings.portal_port}",
        f"--uploads=http://127.0.0.1:{settings.uploads_port}",
        f"--gateway=http://127.0.0.1:{settings.gateway_port}",
        f"--gateway-folder={settings.root / 'gateway'}",
        f"--error-path={ERROR_PAGES}",
    ]


def environment(settings: Settings) -> dict[str, str]:
    """Variables for :func:`command`: the key to the proxy's API, kept off its argv."""
    return {"CONFIGPROXY_AUTH_TOKEN": settings.secrets().proxy_token}
