"""How an environment is used in a sandbox: mounts, kernel, variables, dashboard."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from lyceum.engine.workload import Mount
from lyceum.environments import places
from lyceum.environments.definition import get

_SYSTEM = (Path("/usr"), Path("/bin"), Path("/lib"), Path("/lib64"))
# The guide lists %bug beside %debug; IPython has the second alone.
_BUG = 'get_ipython().magics_manager.register_alias("bug", "debug")'
_KERNEL = (
    *("-m", "ipykernel_launcher", "-f", "{connection_file}"),
    f"--InteractiveShellApp.exec_lines=['{_BUG}']",
)
_OVERLAYS = ".lyceum/environments"


def mounts(name: str) -> tuple[Mount, ...]:
    """The built environment and its base interpreter, at the paths they have here.

    A base interpreter of the operating system is not among them: every sandbox
    has ``/usr``. Raises ``FileNotFoundError`` before the environment is built.
    """
    environment = places.prefix(name)
    if places.read_mark(environment) is None:
        raise FileNotFoundError(f"environment {name} is not built")
    wanted = [environment, *_base_folders(environment)]
    return tuple(Mount(source=path, target=PurePosixPath(path)) for path in wanted)


def inside(environment: Path) -> Path:
    """Our own files in the environment (``inside/`` of this package)."""
    return environment / "share" / "lyceum"


def kernel_environment(name: str, home: str = "/home/aistudio") -> dict[str, str]:
    """Variables for everything a learner runs in ``name``, whatever starts it.

    ``home`` is the home folder there. The first folder of ``PATH`` is the
    project's own (``inside/lyceum_run.py``), so ``!pip install`` lasts; the
    second makes it at the first ``pip`` where no notebook has done so yet.
    """
    environment = places.prefix(name)
    path = [f"{home}/{_OVERLAYS}/{name}/bin", str(inside(environment) / "bin")]
    path += [str(environment / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        "PATH": os.pathsep.join(path),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "LYCEUM_ENVIRONMENT": name,
        "LYCEUM_ENVIRONMENT_PREFIX": str(environment),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        # What Paddle says to its developers would stand in red under learners' blocks.
        "GLOG_minloglevel": "1",
        "PYTHONWARNINGS": "ignore:No ccache found",
    }


def kernel_spec(name: str) -> dict[str, object]:
    """The ``kernel.json`` of the environment, as Jupyter's documentation has it.

    The build writes it to ``jupyter_path(name)/kernels/<kernel_name>/``.
    """
    environment = get(name)
    folder = places.prefix(name)
    launcher = [str(places.python(name)), str(inside(folder) / "lyceum_run.py")]
    return {
        "argv": [*launcher, *_KERNEL, *environment.kernel_arguments],
        "display_name": environment.kernel_label,
        "language": "python",
        "interrupt_mode": "signal",
        "env": kernel_environment(name),
        "metadata": {"debugger": environment.version >= (3, 7)},
    }


def jupyter_path(name: str) -> Path:
    """The folder to put into ``JUPYTER_PATH`` of a notebook server for ``name``."""
    return places.prefix(name) / "share" / "jupyter"


def dashboard_argv(name: str, *, logdir: str, port: int | str, public_path: str) -> list[str]:
    """The argv that serves VisualDL on ``logdir`` at 127.0.0.1 under ``public_path``.

    ``port`` may be a placeholder of the caller's own, such as jupyter-server-proxy's
    ``{port}``. Empty when the environment has no dashboard.
    """
    values = {
        "python": str(places.python(name)),
        "inside": str(inside(places.prefix(name))),
        "logdir": logdir,
        "port": str(port),
        "public_path": public_path,
    }
    return [part.format_map(values) for part in get(name).dashboard]


def _base_folders(environment: Path) -> list[Path]:
    """The base interpreter's folders: as the environment names it, and as it is.

    uv's managed interpreters are reached through a folder that is itself a link.
    """
    named = _base_programs(environment)
    folders = (named.parent, named.resolve().parent)
    return [folder for folder in dict.fromkeys(folders) if not _is_system(folder)]


def _base_programs(environment: Path) -> Path:
    for line in (environment / "pyvenv.cfg").read_text().splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            return Path(value.strip())
    raise ValueError(f"{environment} does not name its base interpreter")


def _is_system(folder: Path) -> bool:
    return any(folder == root or root in folder.parents for root in _SYSTEM)
