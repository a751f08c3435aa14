"""Starts bubblewrap for a shim and speaks with it. Standard library only."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys

from lyceum.engine import procs, stage
from lyceum.engine.limits import Limiter

_START_SECONDS = 30
_OOM_SCORE = 500  # when the whole machine lacks memory, user code goes before the platform


class SetupFailed(RuntimeError):
    """The sandbox could not be made; the message is bubblewrap's own."""


class Sandbox:
    """One bubblewrap process. It waits, set up, until `release`.

    bubblewrap reports on a pipe, one JSON object a line: ``child-pid`` (its
    namespace's first process, as the host sees it), at the end ``exit-code``;
    without the latter the program was never reached.
    """

    def __init__(self, plan: dict, folder: str, limiter: Limiter) -> None:
        self._plan = plan
        self._folder = folder
        self._limiter = limiter
        self._reports = b""
        self._monitor: int | None = None
        self._waited: int | None = None
        self._init: int | None = None
        self.init_pid: int | None = None
        self.host_uid: int | None = None
        self.output, self._output_end = os.pipe()

    def start(self) -> None:
        """Make the sandbox; raises `SetupFailed` or ``OSError``."""
        self._report, report_end = os.pipe()
        gate, self._gate = os.pipe()
        trees = self._map_mounts()
        options = self._options(report_end, gate)
        self._monitor = os.fork()
        if self._monitor == 0:
            try:
                self._become(options, [report_end, gate], trees)
            except BaseException as error:
                os.write(2, f"{error}\n".encode())
            finally:
                os._exit(127)
        for descriptor in (report_end, gate, self._output_end, *trees):
            os.close(descriptor)
        self._await_child()

    def _map_mounts(self) -> list[int]:
        """The mounts as the run's own user sees them; empty where it can't have one."""
        self.host_uid = stage.run_user()
        if self.host_uid is None:
            return []
        try:
            sources = [source for source, _, _ in self._plan["mounts"]]
            trees = stage.mapped_trees(sources, self.host_uid)
        except OSError as error:
            print(f"user code runs as the platform's own user: {error}", file=sys.stderr)
            self.host_uid = None
            return []
        # So that the program can open /dev/stdout, which is this pipe, by its name.
        os.fchown(self._output_end, self.host_uid, self.host_uid)
        return trees

    def _options(self, report: int, gate: int) -> list[str]:
        plan = self._plan
        options = [*plan["before"]]
        for index, (source, target, writable) in enumerate(plan["mounts"]):
            seen = source if self.host_uid is None else stage.staged(index)
            options += ["--bind" if writable else "--ro-bind", seen, target]
        options += plan["after"]
        return [*options, "--json-status-fd", str(report), "--block-fd", str(gate)]

    def _become(self, options: list[str], keep: list[int], trees: list[int]) -> None:
        # Options go through a file: on the command line, paths of the host and the
        # program's secrets could be read by every user of this machine, and inside.
        arguments = os.memfd_create("options")
        os.write(arguments, b"".join(word.encode() + b"\0" for word in options))
        os.lseek(arguments, 0, os.SEEK_SET)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(self._output_end, 1)
        os.dup2(self._output_end, 2)
        for descriptor in (arguments, *keep):
            os.set_inheritable(descriptor, True)
        self._restrict()
        if self.host_uid is not None:
            stage.become(self.host_uid, trees)
        program = self._plan["bwrap"]
        words = [program, "--args", str(arguments), "--", *self._plan["argv"]]
        os.execve(program, words, {"PATH": "/usr/bin:/bin"})  # noqa: S606

    def _restrict(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        self._limiter.enter()
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(str(_OOM_SCORE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        files = self._plan["limits"]["open_files"]
        if files:
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            most = files if hard == resource.RLIM_INFINITY else min(files, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def _await_child(self) -> None:
        while b"\n" not in self._reports:
            readable, _, _ = select.select([self._report], [], [], _START_SECONDS)
            data = os.read(self._report, 4096) if readable else b""
            if not data:
                raise SetupFailed("the sandbox could not be made")
            self._reports += data
        self.init_pid = json.loads(self._reports.split(b"\n")[0])["child-pid"]
        self._init = os.pidfd_open(self.init_pid)  # a number may be reused, this may not

    def release(self) -> None:
        """Let the program start."""
        with contextlib.suppress(BrokenPipeError):  # it gave up already: `setup_failed`
            os.write(self._gate, b"1")
        os.close(self._gate)

    def ended(self) -> bool:
        """Whether bubblewrap is gone, and with it every process of the sandbox."""
        if self._waited is None and self._monitor:
            pid, status = os.waitpid(self._monitor, os.WNOHANG)
            if pid:
                self._waited = status
        return self._waited is not None

    def ask_to_end(self) -> None:
        """SIGTERM to the program and the processes of its group."""
        programs = procs.children(self.init_pid) if self.init_pid else []
        if not programs:
            self.kill()
            return
        try:
            os.killpg(os.getpgid(programs[0]), signal.SIGTERM)
        except ProcessLookupError:
            return

    def kill(self) -> None:
        """SIGKILL to every process of the sandbox at once, by its first process."""
        if self._init is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
        elif self._monitor and self._waited is None:
            os.kill(self._monitor, signal.SIGKILL)

    def wait(self) -> None:
        """Until bubblewrap is gone; nothing if it was never started."""
        if self._monitor and self._waited is None:
            _, self._waited = os.waitpid(self._monitor, 0)

    def setup_failed(self) -> bool:
        """Whether bubblewrap gave up by itself, before it reached the program."""
        gave_up = self._waited is not None and os.WIFEXITED(self._waited)
        return gave_up and self.status() is None

    def status(self) -> int | None:
        """The program's status as bubblewrap reported it; ``None`` if it never did."""
        if self._monitor is None:
            return None
        os.set_blocking(self._report, False)
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._report, 4096):
                self._reports += data
        for line in self._reports.splitlines():
            report = json.loads(line)
            if "exit-code" in report:
                return report["exit-code"]
        return None
