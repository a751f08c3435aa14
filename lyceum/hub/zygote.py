"""Waits, with everything imported, to become one project's notebook server.

Runs inside a sandbox that has no project yet, in the notebook-server environment;
imports nothing of the platform but the notebook extension. It listens where the
server will, takes one order (a JSON line that starts with the secret it was born
with) and turns into the server: no second process, never a second project.
"""

from __future__ import annotations

import contextlib
import hmac
import importlib
import json
import os
import runpy
import socket
import sys

GREETING = b"lyceum zygote\n"
LONGEST_ORDER = 1 << 20  # bytes
PATIENCE = 10  # seconds for a caller to say what it wants

# What a server imports on its way up and for a first kernel, longest chains first.
MODULES = (
    "jupyterhub.singleuser.extension",
    "jupyter_server.serverapp",
    "jupyterlab.labapp",
    "notebook.app",
    "notebook.services.contents.manager",
    "notebook_shim",
    "lyceum.notebook_extension.app",
    "lyceum.notebook_extension.contents",
    "jupyter_resource_usage",
    "jupyter_server_fileid.extension",
    "jupyter_server_proxy",
    "jupyter_server_terminals",
    "jupyter_server_ydoc.app",
    "jupyter_core.migrate",
    "jupyter_server.kernelspecs.handlers",
    "jupyter_server.nbconvert.handlers",
    "jupyter_server.services.api.handlers",
    "jupyter_server.services.config.handlers",
    "jupyter_server.services.contents.handlers",
    "jupyter_server.services.events.handlers",
    "jupyter_server.services.kernels.connection.channels",
    "jupyter_server.services.kernels.handlers",
    "jupyter_server.services.kernelspecs.handlers",
    "jupyter_server.services.nbconvert.handlers",
    "jupyter_server.services.security.handlers",
    "jupyter_server.services.sessions.handlers",
    "jupyter_server.services.shutdown",
    "jupyter_server.view.handlers",
    "ipykernel.kernelspec",
    "IPython.paths",
    "jinja2.ext",
    "tornado.platform.asyncio",
)


def main() -> None:
    """Import, wait for the order, become the server."""
    secret = os.environ.pop("LYCEUM_ZYGOTE_SECRET")
    port = int(os.environ.pop("LYCEUM_ZYGOTE_PORT"))
    for module in MODULES:
        # What is missing here costs the server its own import, no more.
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    order = wait_for_order(port, secret)
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    sys.argv = [order["module"], *order["options"]]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


def wait_for_order(port: int, secret: str) -> dict:
    """Greet whoever connects until one of them brings an order with our secret."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            caller, _address = listener.accept()
            with caller, contextlib.suppress(OSError, ValueError):
                caller.settimeout(PATIENCE)
                caller.sendall(GREETING)
                with caller.makefile("rb") as lines:
                    given, _, order = lines.readline(LONGEST_ORDER).partition(b" ")
                if hmac.compare_digest(given, secret.encode()):
                    accepted = json.loads(order)
                    caller.sendall(b"yes\n")
                    return accepted


if __name__ == "__main__":
    main()
