"""A learner who types commands at a machine of their own."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lyceum.cli.problems import ExitCode
from tests.support.platform import LYCEUM


def _heed_interrupts() -> None:
    """As in a terminal: a shell starts what runs in its background with Ctrl-C ignored,
    and these tests may be run so."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Learner:
    """A learner at a machine of their own."""

    home: Path
    address: str
    token: str

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LYCEUM_", "XDG_", "DJANGO_"))
        }
        return subprocess.Popen(
            [str(LYCEUM), *words],
            env={**clean, "HOME": str(self.home), "COLUMNS": "200", **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_heed_interrupts,
        )

    def run(self, *words: str, code: int = ExitCode.OK, **env: str) -> str:
        """What the command says, on standard error when it is to fail."""
        process = self.start(*words, **env)
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, out + err
        assert "Traceback" not in err
        return err if code else out
