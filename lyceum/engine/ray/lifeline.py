"""``lifeline ROOT RUN_ID SANDBOX``: stops a run once its standard input ends.

Not the shim's own task: a run on one machine must outlive whoever started it. This one
must not, or a machine that Ray gave up would go on with a task that runs elsewhere by then.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from lyceum.engine.local import LocalEngine

_STARTING_SECONDS = 10.0
_STOPPING_SECONDS = 120.0


def main(arguments: list[str]) -> None:
    """Leave the caller's children and session, which Ray may kill, then wait."""
    root, run_id, sandbox = arguments
    if os.fork():
        os._exit(0)
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    _stop(LocalEngine(Path(root), sandbox=sandbox), run_id)


def _stop(engine: LocalEngine, run_id: str) -> None:
    began = time.monotonic()
    patience = _STARTING_SECONDS  # a start may be on its way
    while time.monotonic() - began < patience:
        try:
            if not engine.stop(run_id, grace=0.0).alive:
                return
            patience = _STOPPING_SECONDS
        except (KeyError, OSError):
            pass  # not there yet, gone already, or the shared folder does not answer
        time.sleep(0.5)
