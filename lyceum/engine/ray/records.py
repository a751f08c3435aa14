"""A gang's folder on the shared file system: ``<root>/runs/<run id>/``.

``ray.json``      written once by the engine: what was asked for, and the job's name
``workload.json`` the workload
``submitted``     there once Ray has the job
``stop``          how many seconds a run that must stop is given
``driver.json``   what the driver last saw: machines, state, when it last looked (``beat``)
``ending.json``   the final state, written once by whoever knows it first
``runs/``         the runs of the gang's shares, each as `LocalEngine` leaves them

There is no ``state.json`` in it, so a local engine over the same root does not take it
for one of its runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from lyceum.engine import codec, runfolder
from lyceum.engine.workload import RunState, Workload

RUN = "ray.json"
SUBMITTED = "submitted"
DRIVER = "driver.json"
ENDING = "ending.json"
USAGE = "usage.json"
_SETTLING_SECONDS = 90.0


def claim(folder: Path, workload: Workload, **how: object) -> dict[str, Any]:
    """The run's record, ``how`` included; the first one's, if this is a repeated start."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        return runfolder.read_json(str(folder), RUN)
    record = {
        "run_id": folder.name,
        # Ray never forgets a name by itself, and others may use the cluster too.
        "job": f"{folder.name}-{secrets.token_hex(4)}",
        "labels": workload.labels,
        "queued": time.time(),
        **how,
    }
    _write_text(folder, runfolder.WORKLOAD, codec.to_json(workload))
    write_once(folder, RUN, record)
    return runfolder.read_json(str(folder), RUN)


def share_run(folder: Path, index: int) -> str:
    """The name of a share's run, which no other run of its machine has."""
    return f"{folder.name}-share-{index}"


def share_folder(folder: Path, index: int) -> Path:
    """The folder of a share's run."""
    return folder / "runs" / share_run(folder, index)


def read(folder: Path, name: str) -> dict[str, Any] | None:
    """The object in ``folder/name``, ``None`` while there is none."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return runfolder.read_json(str(folder), name)
    return None


def end(folder: Path, state: RunState, **facts: object) -> dict[str, Any]:
    """Write down how the run ended, unless somebody did; what counts from now on."""
    ours = {"state": state, "ended": time.time(), **facts}
    if write_once(folder, ENDING, ours):
        return ours
    until = time.monotonic() + _SETTLING_SECONDS
    while (ending := read(folder, ENDING)) is None and time.monotonic() < until:
        time.sleep(0.1)  # NFS may still remember that there was nothing
    return ending or ours


def write_once(folder: Path, name: str, value: dict[str, Any]) -> bool:
    """Put ``value`` at ``folder/name``, whole; false where there is something already."""
    fresh = folder / f"{name}.{os.uname().nodename}.{os.getpid()}.{secrets.token_hex(4)}"
    fresh.write_text(json.dumps(value, ensure_ascii=False))
    try:
        os.link(fresh, folder / name)
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    return True


def _write_text(folder: Path, name: str, text: str) -> None:
    fresh = folder / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
    fresh.write_text(text)
    os.replace(fresh, folder / name)
