"""Starts a program with no isolation at all: ``LYCEUM_SANDBOX=off``."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal

from lyceum.engine import procs
from lyceum.engine.launch import Launch

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class Unconfined(Launch):
    """The program as a plain child of the shim, in a session of its own."""

    def start(self) -> None:
        """Fork the child that waits to become the program."""
        # Orphans of the run come to the shim instead of getting away.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._fork(self._become)
        self._found(self._child)

    def _become(self, gate: int) -> None:
        os.setsid()
        plan = self._plan
        # As a sandbox does, the run ends with its shim; a launcher ends its members first.
        number = signal.SIGTERM if plan["gang"] else signal.SIGKILL
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        os.read(gate, 1)
        os.chdir(plan["cwd"])
        os.execvpe(plan["argv"][0], plan["argv"], plan["env"])  # noqa: S606

    def program(self) -> int | None:
        """The program itself."""
        return self._child

    def kill(self) -> None:
        """SIGKILL to the program and every process that came of it."""
        super().kill()
        ours = os.getsid(0)  # the shim's helpers are of its session, the run's never
        for pid in procs.descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                if os.getsid(pid) != ours:
                    os.kill(pid, signal.SIGKILL)

    def ended(self) -> bool:
        """Whether the program is gone; what it left behind then goes too."""
        ended = super().ended()
        if ended:
            self.kill()
        return ended

    def setup_failed(self) -> bool:
        """The child never became the program (it says why in the log)."""
        return self._waited is not None and os.waitstatus_to_exitcode(self._waited) == 127

    def status(self) -> int | None:
        """The program's exit code, 128 + n for signal n."""
        if self._waited is None:
            return None
        code = os.waitstatus_to_exitcode(self._waited)
        return 128 - code if code < 0 else code
