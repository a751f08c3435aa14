"""Starts a program in a sandbox, by bubblewrap, and speaks with it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys

from lyceum.engine import procs, stage
from lyceum.engine.launch import Launch, SetupFailed

_START_SECONDS = 30


class Confined(Launch):
    """One bubblewrap process, which reports on a pipe, one JSON object a line.

    ``child-pid``: its namespace's first process; at the end ``exit-code``,
    without which the program was never reached.
    """

    _report: int
    _reports = b""

    def start(self) -> None:
        """Make the sandbox; raises `SetupFailed` or ``OSError``."""
        self._report, report_end = os.pipe()
        trees = self._map_mounts()
        options = [*self._options(), "--json-status-fd", str(report_end)]
        self._fork(lambda gate: self._become(options, [report_end, gate], trees))
        for descriptor in (report_end, *trees):
            os.close(descriptor)
        self._await_first_process()

    def _map_mounts(self) -> list[int]:
        """The mounts as the run's own user sees them; empty where it can't have one."""
        self.host_uid = stage.run_user() if self._plan["own_user"] else None
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

    def _options(self) -> list[str]:
        plan = self._plan
        options = [*plan["before"]]
        for index, (source, target, writable) in enumerate(plan["mounts"]):
            seen = source if self.host_uid is None else stage.staged(index)
            options += ["--bind" if writable else "--ro-bind", seen, target]
        return [*options, *plan["after"]]

    def _become(self, options: list[str], keep: list[int], trees: list[int]) -> None:
        # Options go through a file: on the command line, paths of the host and the
        # program's secrets could be read by every user of this machine, and inside.
        arguments = os.memfd_create("options")
        options = [*options, "--block-fd", str(keep[-1])]
        if self._plan["seccomp"]:
            keep.append(os.open(self._plan["seccomp"], os.O_RDONLY))
            options += ["--seccomp", str(keep[-1])]
        os.write(arguments, b"".join(os.fsencode(word) + b"\0" for word in options))
        os.lseek(arguments, 0, os.SEEK_SET)
        for descriptor in (arguments, *keep):
            os.set_inheritable(descriptor, True)
        if self.host_uid is not None:
            stage.become(self.host_uid, trees)
        program = self._plan["bwrap"]
        words = [program, "--args", str(arguments), "--", *self._plan["argv"]]
        os.execve(program, words, {"PATH": "/usr/bin:/bin"})  # noqa: S606

    def _await_first_process(self) -> None:
        while b"\n" not in self._reports:
            readable, _, _ = select.select([self._report], [], [], _START_SECONDS)
            data = os.read(self._report, 4096) if readable else b""
            if not data:
                raise SetupFailed("the sandbox could not be made")
            self._reports += data
        self._found(json.loads(self._reports.split(b"\n")[0])["child-pid"])

    def program(self) -> int | None:
        """The child of bubblewrap's init; SIGTERM to that init itself would be ignored."""
        children = procs.children(self.init_pid) if self.init_pid else []
        return children[0] if children else None

    def setup_failed(self) -> bool:
        """Whether bubblewrap gave up by itself, before it reached the program."""
        gave_up = self._waited is not None and os.WIFEXITED(self._waited)
        return gave_up and self.status() is None

    def status(self) -> int | None:
        """The program's status as bubblewrap reported it; ``None`` if it never did."""
        if self._child is None:
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
