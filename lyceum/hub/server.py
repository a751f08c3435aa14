"""How a project's notebook server is started inside its sandbox."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath

from lyceum import environments
from lyceum.engine.workload import Forward, Workload

HOME = PurePosixPath("/home/aistudio")
# Inside the sandbox; far from the ports that learners' own programs like.
LISTEN_PORT = 18888
HUB_PORT = 18081
LABEL = "hub_server"

OPTIONS = {
    "ServerApp.root_dir": str(HOME),
    # How long a server may go on without asking the hub who knocks: the other
    # half of the time that a logout at the portal takes (docs/adr/0002).
    "HubOAuth.cache_max_age": "60",
}


def argv(python: Path, project_id: str) -> tuple[str, ...]:
    """The server's command; ``python`` is the notebook-server environment's.

    ``-s``: what a learner installs for themselves is for kernels, and can't
    break the server.
    """
    options = {**OPTIONS, "ServerApp.default_url": f"/notebooks/{project_id}.ipynb"}
    return (
        str(python),
        "-s",
        "-m",
        "jupyterhub.singleuser",
        *(f"--{name}={value}" for name, value in options.items()),
    )


def with_server(
    workload: Workload,
    *,
    prefix: str,
    project_id: str,
    label: str,
    env: dict[str, str],
    hub_address: str,
) -> Workload:
    """``workload``, the project's sandbox, with the notebook server as its program.

    ``prefix`` is the server's path, ``/user/30799/33852/``; ``env`` the hub's part
    of the environment, which wins over the workload's; ``hub_address`` the hub's
    ``host:port`` on the host.
    """
    return replace(
        workload,
        argv=argv(environments.python(environments.SERVER), project_id),
        cwd=HOME,
        env={**workload.env, **env, "LYCEUM_DASHBOARD": _dashboard(workload, prefix)},
        listen=LISTEN_PORT,
        forwards=(*workload.forwards, Forward(HUB_PORT, hub_address)),
        labels={**workload.labels, LABEL: label},
    )


def _dashboard(workload: Workload, prefix: str) -> str:
    """VisualDL's command for the project's environment, as visualdl.py reads it."""
    return json.dumps(
        environments.dashboard_argv(
            workload.env["LYCEUM_ENVIRONMENT"],
            logdir=str(HOME / "log"),
            port="{port}",
            public_path=f"{prefix}visualdl",
        )
    )
