"""How a notebook server in the sandbox gets this package; standard library only.

Mount this package's folder read-only at ``PACKAGE`` and merge
``environment(language)`` into the server's variables. Nothing is installed.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path, PurePosixPath

SEARCH_PATH = PurePosixPath("/opt/lyceum")
PACKAGE = SEARCH_PATH / "lyceum" / "notebook_extension"


def source() -> Path:
    """The folder to mount at ``PACKAGE``: this one."""
    return Path(__file__).resolve().parent


def environment(language: str, search_path: PurePosixPath = SEARCH_PATH) -> dict[str, str]:
    """Variables that make Jupyter find the extension and its settings.

    ``language`` is ``zh-hans`` or ``en``. ``search_path`` is the folder that holds
    ``lyceum/notebook_extension`` as the server sees it. ``JUPYTER_CONFIG_DIR`` stays
    the learner's own, so what they set in the notebook lasts.
    """
    package = search_path / "lyceum" / "notebook_extension"
    config = package / "config"
    spoken = "zh-hans" if language.lower().startswith("zh") else "en"
    return {
        "PYTHONPATH": str(search_path),
        "JUPYTER_CONFIG_PATH": f"{config / spoken}:{config / 'common'}",
        "LYCEUM_EXTENSION": str(search_path),
    }


def hide_from_kernels(variables: MutableMapping[str, str]) -> None:
    """Take ``environment``'s variables back out once the server has read them.

    A kernel inherits the server's variables, and a learner's Python 2.7 has no
    business with this package on its path.
    """
    ours = variables.pop("LYCEUM_EXTENSION", None)
    kept = [part for part in variables.get("PYTHONPATH", "").split(":") if part and part != ours]
    if kept:
        variables["PYTHONPATH"] = ":".join(kept)
    else:
        variables.pop("PYTHONPATH", None)
