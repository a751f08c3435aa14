"""Where the checkout keeps what ``scripts/setup`` brought and built."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
NODE_BIN = CHECKOUT / ".tools" / "node" / "bin"
FRONTEND = CHECKOUT / "frontend"
PROXY_PACKAGE = FRONTEND / "node_modules" / "configurable-http-proxy" / "package.json"
TUS_PACKAGE = FRONTEND / "node_modules" / "@tus" / "server" / "package.json"
FRONT_DOOR = FRONTEND / "dist" / "frontdoor" / "main.js"
UPLOADS_SERVER = FRONTEND / "dist" / "uploads" / "main.js"
PORTAL_BUNDLE = CHECKOUT / "lyceum" / "portal" / "static" / "dist" / "portal.js"


def search_path() -> str:
    """``PATH`` with the checkout's own Node first.

    ``scripts/setup`` brings that Node only where the machine's is missing or old.
    """
    return os.pathsep.join([str(NODE_BIN), os.environ.get("PATH", os.defpath)])
