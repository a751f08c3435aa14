"""What must hold before the platform starts, found out before anything is written."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from lyceum.cli import tools
from lyceum.cli.problems import ExitCode, Problem
from lyceum.config import Settings
from lyceum.engine import task_engine
from lyceum.engine.base import EngineError

LEAST_FREE_BYTES = 200_000_000
LEAST_NODE = 20
LEAST_PYTHON = (3, 11)


def check_all(current: Settings) -> None:
    """Raise the first ``Problem`` that would keep the platform from starting."""
    check_python()
    check_engine()
    check_home(current.root)
    check_ports(current)
    check_node()
    check_bundle()
    check_sandbox(current)


def check_python() -> None:
    if sys.version_info < LEAST_PYTHON:
        raise Problem(
            ExitCode.INTERPRETER_MISSING,
            f"Lyceum needs Python {LEAST_PYTHON[0]}.{LEAST_PYTHON[1]} or newer; "
            f"this is {sys.version_info.major}.{sys.version_info.minor}.",
        )


def check_engine() -> None:
    """The settings of what runs tasks can be used; whether a cluster answers is doctor's."""
    try:
        task_engine()
    except EngineError as error:
        raise Problem(ExitCode.USAGE, f"{error}.") from None


def check_home(root: Path) -> None:
    """The data folder can be made, written, and has room."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(root).free
        if free < LEAST_FREE_BYTES:
            raise Problem(
                ExitCode.HOME_FULL,
                f"The data folder {root} has {free // 1_000_000} MB left; "
                f"Lyceum needs at least {LEAST_FREE_BYTES // 1_000_000} MB. "
                "Free some space or set LYCEUM_HOME to another folder.",
            )
        with tempfile.TemporaryFile(dir=root) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise _home_problem(root, error) from None


def _home_problem(root: Path, error: OSError) -> Problem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Problem(
            ExitCode.HOME_FULL,
            f"The data folder {root} is full. "
            "Free some space or set LYCEUM_HOME to another folder.",
        )
    reason = {
        errno.EROFS: "is on a read-only file system",
        errno.EACCES: "can't be written by this user",
        errno.EPERM: "can't be written by this user",
        errno.ENOTDIR: "is not a folder",
        errno.EEXIST: "is not a folder",
    }.get(error.errno or 0, f"can't be used ({error.strerror})")
    return Problem(
        ExitCode.HOME_UNUSABLE,
        f"The data folder {root} {reason}. Set LYCEUM_HOME to a folder that can be written.",
    )


def check_ports(current: Settings) -> None:
    """Nobody else listens on the six ports, seven with Ray."""
    for host, port, use in (
        (current.host, current.port, "the web address (LYCEUM_HOST)"),
        ("127.0.0.1", current.portal_port, "the portal"),
        ("127.0.0.1", current.hub_port, "the hub"),
        ("127.0.0.1", current.proxy_api_port, "the front door's own API"),
        ("127.0.0.1", current.uploads_port, "uploads"),
        ("127.0.0.1", current.gateway_port, "the gateway"),
    ):
        _check_port(host, port, use)
    if current.engine == "ray":
        _check_port(*current.nodes_address, "services' workers (LYCEUM_GATEWAY_ADDRESS)")


def _check_port(host: str, port: int, use: str) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise Problem(
            ExitCode.USAGE, f"LYCEUM_HOST is {host!r}, which is no address here: {error.strerror}."
        ) from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise _port_problem(host, port, use, error) from None


def _port_problem(host: str, port: int, use: str, error: OSError) -> Problem:
    if error.errno == errno.EADDRINUSE:
        return Problem(
            ExitCode.PORT_TAKEN,
            f"Port {port} on {host}, needed for {use}, is taken by another program. "
            "Stop it or set LYCEUM_PORT (Lyceum uses that port and those after it).",
        )
    if error.errno == errno.EACCES:
        return Problem(
            ExitCode.PORT_TAKEN,
            f"This user may not open port {port} on {host}. Set LYCEUM_PORT to 1024 or above.",
        )
    return Problem(
        ExitCode.USAGE, f"Can't listen on {host}:{port}, needed for {use}: {error.strerror}."
    )


def check_node() -> None:
    """Node, which the front door and uploads run on, is here and new enough."""
    node = shutil.which("node", path=tools.search_path())
    if node is None:
        raise Problem(
            ExitCode.NODE_MISSING,
            f"Node.js is missing; the front door needs version {LEAST_NODE} or newer. "
            "Run scripts/setup, which brings it.",
        )
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", said)
    if found is None or int(found[1]) < LEAST_NODE:
        raise Problem(
            ExitCode.NODE_MISSING,
            f"{node} is version {said.strip() or 'unknown'}; the front door needs "
            f"{LEAST_NODE} or newer. Run scripts/setup, which brings it.",
        )


def check_bundle() -> None:
    """What scripts/setup builds has been built."""
    for path in (tools.PROXY_PACKAGE, tools.FRONT_DOOR, tools.UPLOADS_SERVER, tools.PORTAL_BUNDLE):
        if not path.exists():
            raise Problem(
                ExitCode.NOT_SET_UP,
                f"{path.relative_to(tools.CHECKOUT)} is missing. Run scripts/setup, "
                "which builds it.",
            )


def check_sandbox(current: Settings) -> None:
    """bubblewrap is here, unless the operator has turned isolation off."""
    if current.sandbox == "off" or shutil.which("bwrap"):
        return
    raise Problem(
        ExitCode.SANDBOX_MISSING,
        "bubblewrap is missing, so programs of learners can't be isolated. "
        "Install it (Debian, Ubuntu: apt-get install bubblewrap slirp4netns).",
    )
