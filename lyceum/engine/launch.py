"""What starting a run's program has in common, with and without a sandbox."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Callable

from lyceum.engine.limits import Limiter

_OOM_SCORE = 500  # when the whole machine lacks memory, user code goes before the platform


class SetupFailed(RuntimeError):
    """The sandbox could not be made; the message is bubblewrap's own."""


class Launch:
    """One process of ours that becomes, or holds, the run's program.

    It waits, set up, until `release`. ``output`` reads its stdout and stderr;
    ``init_pid`` is the run's first process and ``host_uid`` its user, both as
    the host sees them.
    """

    def __init__(self, plan: dict, limiter: Limiter) -> None:
        self._plan = plan
        self._limiter = limiter
        self._child: int | None = None
        self._waited: int | None = None
        self._first: int | None = None
        self._gate: int | None = None
        self.init_pid: int | None = None
        self.host_uid: int | None = None
        self.output, self._output_end = os.pipe()

    def start(self) -> None:
        """Set the run up; raises `SetupFailed` or ``OSError``."""
        raise NotImplementedError

    def _fork(self, become: Callable[[int], None]) -> None:
        """Start the child: ``become`` gets the descriptor to wait on before user code."""
        gate, self._gate = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            try:
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(self._output_end, 1)
                os.dup2(self._output_end, 2)
                self._restrict()
                become(gate)
            except BaseException as error:
                os.write(2, f"{error}\n".encode())
            finally:
                os._exit(127)
        os.close(gate)
        os.close(self._output_end)

    def _restrict(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        self._limiter.enter(own_user=self.host_uid is not None)
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(str(_OOM_SCORE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        files = self._plan["limits"]["open_files"]
        if files:
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            most = files if hard == resource.RLIM_INFINITY else min(files, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def _found(self, init_pid: int) -> None:
        self.init_pid = init_pid
        self._first = os.pidfd_open(init_pid)  # a number may be reused, this may not

    def release(self) -> None:
        """Let the program start."""
        if self._gate is not None:
            with contextlib.suppress(BrokenPipeError):  # it gave up already: `setup_failed`
                os.write(self._gate, b"1")
            os.close(self._gate)

    def program(self) -> int | None:
        """The process that `ask_to_end` speaks to, ``None`` when there is none yet."""
        raise NotImplementedError

    def ask_to_end(self) -> None:
        """SIGTERM to the program and the processes of its group."""
        program = self.program()
        if program is None:
            self.kill()
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(os.getpgid(program), signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the run's first process, which takes all others with it."""
        if self._first is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
        elif self._child is not None and self._waited is None:
            os.kill(self._child, signal.SIGKILL)

    def ended(self) -> bool:
        """Whether our child is gone, and with it every process of the run."""
        if self._waited is None and self._child is not None:
            pid, status = os.waitpid(self._child, os.WNOHANG)
            if pid:
                self._waited = status
        return self._waited is not None

    def wait(self) -> None:
        """Until `ended`; nothing if it was never started."""
        if self._child is not None and self._waited is None:
            _, self._waited = os.waitpid(self._child, 0)

    def setup_failed(self) -> bool:
        """Whether the program was never reached."""
        raise NotImplementedError

    def status(self) -> int | None:
        """The program's exit code, 128 + n for signal n, ``None`` if there is none."""
        raise NotImplementedError
