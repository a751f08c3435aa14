"""How a project's notebook server is started inside its sandbox."""

from __future__ import annotations

import contextlib
import json
import subprocess
from dataclasses import replace
from pathlib import PurePosixPath

from lyceum import environments
from lyceum.engine.workload import Forward, Mount, Workload
from lyceum.notebook_extension import launch

HOME = PurePosixPath("/home/aistudio")
# Inside the sandbox; far from the ports that learners' own programs like.
LISTEN_PORT = 18888
HUB_PORT = 18081
LABEL = "hub_server"
MODULE = "jupyterhub.singleuser"

OPTIONS = {
    "ServerApp.root_dir": str(HOME),
    # How long a server may go on without asking the hub who knocks: the other
    # half of the time that a logout at the portal takes (docs/adr/0002).
    "HubOAuth.cache_max_age": "60",
}


def command() -> tuple[str, ...]:
    """Python as every notebook server runs: what a learner installs can't break it (``-s``)."""
    return (str(environments.python(environments.SERVER)), "-s")


def argv(project_id: str) -> tuple[str, ...]:
    """The server's command."""
    chosen = {**OPTIONS, "ServerApp.default_url": f"/notebooks/{project_id}.ipynb"}
    words = (f"--{name}={value}" for name, value in chosen.items())
    return (*command(), "-m", MODULE, *words)


def options(workload: Workload) -> tuple[str, ...]:
    """The options of the server that ``workload`` runs."""
    return workload.argv[workload.argv.index(MODULE) + 1 :]


def compile_ahead() -> None:
    """Have our own part of the server compiled by the server's Python, in the background.

    Sandboxes see it read-only, so each start would compile it again.
    """
    with contextlib.suppress(OSError):  # not built yet: this start is just slower
        subprocess.Popen(
            [*command(), "-m", "compileall", "-q", str(launch.source())],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def extension_mount() -> Mount:
    """Our own part of the notebook server."""
    return Mount(launch.source(), launch.PACKAGE)


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
        argv=argv(project_id),
        cwd=HOME,
        env={
            **workload.env,
            **_extension(workload),
            **env,
            "LYCEUM_DASHBOARD": _dashboard(workload, prefix),
        },
        mounts=(*workload.mounts, extension_mount()),
        listen=LISTEN_PORT,
        forwards=(*workload.forwards, Forward(HUB_PORT, hub_address)),
        labels={**workload.labels, LABEL: label},
    )


def _extension(workload: Workload) -> dict[str, str]:
    """Our own part of the notebook server; the workload's Jupyter settings come first."""
    variables = launch.environment(workload.env["LYCEUM_LANGUAGE"])
    paths = (workload.env.get("JUPYTER_CONFIG_PATH"), variables["JUPYTER_CONFIG_PATH"])
    return {**variables, "JUPYTER_CONFIG_PATH": ":".join(filter(None, paths))}


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
