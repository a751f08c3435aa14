"""The parts of the platform: how each is started and how its health is asked for."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from importlib.metadata import version

from lyceum.cli import tools
from lyceum.config import Settings
from lyceum.hub import frontdoor


@dataclass(frozen=True, slots=True)
class Part:
    """One supervised program.

    ``health_url`` answers 200 when the part can do its work; a part without one
    is healthy while it runs. ``after`` names the parts that must be ready first.
    ``grace`` is how many seconds it gets between SIGTERM and SIGKILL.
    """

    name: str
    argv: tuple[str, ...]
    version: str
    env: dict[str, str] = field(default_factory=dict)
    health_url: str | None = None
    after: tuple[str, ...] = ()
    grace: float = 8.0


def parts(current: Settings) -> tuple[Part, ...]:
    """The platform's parts in their order of start; they stop in the reverse order."""
    return (
        _front_door(current),
        _portal(current),
        _uploads(current),
        _gateway(current),
        _hub(current),
        _dispatcher(),
    )


def _front_door(current: Settings) -> Part:
    host = "127.0.0.1" if current.host in ("0.0.0.0", "::") else current.host  # noqa: S104
    return Part(
        "proxy",
        tuple(frontdoor.command(current)),
        json.loads(tools.PROXY_PACKAGE.read_text())["version"],
        env=frontdoor.environment(current),
        health_url=f"http://{host}:{current.port}/_chp_healthz",
    )


def _portal(current: Settings) -> Part:
    return Part(
        "portal",
        (
            sys.executable,
            "-m",
            "uvicorn",
            "lyceum.portal.asgi:application",
            "--host=127.0.0.1",
            f"--port={current.portal_port}",
            "--proxy-headers",
            "--forwarded-allow-ips=127.0.0.1",
            "--lifespan=off",
            "--no-access-log",  # one-time login links are in the paths
            "--timeout-graceful-shutdown=4",  # progress streams stay open otherwise
        ),
        version("lyceum"),
        health_url=f"http://127.0.0.1:{current.portal_port}/internal/health",
    )


def _uploads(current: Settings) -> Part:
    return Part(
        "uploads",
        uploads_command(),
        json.loads(tools.TUS_PACKAGE.read_text())["version"],
        env={
            "LYCEUM_UPLOADS_PORT": str(current.uploads_port),
            "LYCEUM_UPLOADS_FOLDER": str(current.root / "uploads"),
            "LYCEUM_UPLOADS_PORTAL": f"http://127.0.0.1:{current.portal_port}",
            "LYCEUM_UPLOADS_TOKEN": current.secrets().internal_token,
        },
        health_url=f"http://127.0.0.1:{current.uploads_port}/health",
    )


def uploads_command() -> tuple[str, ...]:
    """The tus server's argv; its settings are variables (``frontend/uploads/settings.ts``).

    ``--expose-gc`` is for ``frontend/uploads/garbage.ts``.
    """
    return (frontdoor.node(), "--expose-gc", str(tools.UPLOADS_SERVER))


def _gateway(current: Settings) -> Part:
    return Part(
        "gateway",
        (sys.executable, "-m", "lyceum.gateway"),
        version("lyceum"),
        health_url=f"http://127.0.0.1:{current.gateway_port}/internal/health",
    )


def _hub(current: Settings) -> Part:
    return Part(
        "hub",
        (
            sys.executable,
            "-m",
            "jupyterhub",
            "-f",
            str(tools.CHECKOUT / "lyceum" / "hub" / "jupyterhub_config.py"),
        ),
        version("jupyterhub"),
        health_url=f"http://127.0.0.1:{current.hub_port}/hub/health",
        after=("proxy",),
    )


def _dispatcher() -> Part:
    return Part(
        "dispatcher",
        (sys.executable, "-m", "lyceum.dispatcher"),
        version("lyceum"),
        after=("portal",),
    )
