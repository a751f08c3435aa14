"""``python -m lyceum.gateway``: serves until it is told to stop."""

from __future__ import annotations

import logging

import uvicorn

from lyceum.config import settings
from lyceum.gateway.app import Gateway

# The front door keeps its connections here open and may use one at any moment: one that
# ends just then would be a failed call.
_KEEP_ALIVE_SECONDS = 24 * 3600


def main() -> None:
    """Serve on loopback, behind the front door, at ``settings().gateway_port``.

    With Ray also at ``settings().nodes_address``, for workers on the cluster's machines.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    current = settings()
    uvicorn.run(
        Gateway(
            current.root / "gateway",
            current.secrets().internal_token,
            current.nodes_address if current.engine == "ray" else None,
        ),
        host="127.0.0.1",
        port=current.gateway_port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        access_log=False,  # keys are in the addresses
        log_config=None,
        backlog=2048,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=4,
    )


if __name__ == "__main__":
    main()
