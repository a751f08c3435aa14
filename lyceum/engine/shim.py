"""The detached process that starts one sandbox, watches it and writes down how it ended.

It must start fast (a learner waits for it) and depend on little (it outlives an
upgrade of the platform), so: standard library, few imports, no dataclasses.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time

from lyceum.engine import claim, procs, runfolder
from lyceum.engine.disk import DiskWatch
from lyceum.engine.ending import Ending
from lyceum.engine.launch import Launch
from lyceum.engine.limits import by_name
from lyceum.engine.logfile import RunLog
from lyceum.engine.network import Network

_CHUNK = 256 * 1024
_CHECK_SECONDS = 0.25
_DRAIN_SECONDS = 2.0
_BOMB_REFUSALS = 2_000  # a program that is refused a process gives up, or waits
TIME_LIMIT_GRACE = 5.0


class Shim:
    """One run from its folder's plan to its end."""

    def __init__(self, folder: str, listener: socket.socket | None) -> None:
        self.folder = folder
        self.plan = runfolder.read_json(folder, runfolder.PLAN)
        self.state = runfolder.read_json(folder, runfolder.STATE)
        self.limits = self.plan["limits"]
        self.limiter = by_name(self.plan["limiter"])(self.state["group"])
        self.log = RunLog(folder, self.limits["log_bytes"])
        self.network = Network()
        self.disk = DiskWatch(self.plan["mounts"], self.limits["disk_bytes"])
        self.ending = Ending()
        self._listener = listener
        self._wake, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.signal(signal.SIGUSR1, lambda *_: None)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _launch(self) -> Launch:
        if self.plan["confined"]:
            from lyceum.engine.confined import Confined

            return Confined(self.plan, self.limiter)
        from lyceum.engine.unconfined import Unconfined

        return Unconfined(self.plan, self.limiter)

    def save(self, **changes: object) -> None:
        self.state.update(changes)
        try:
            runfolder.write_json(self.folder, runfolder.STATE, self.state)
        except OSError as error:  # a full disk must not end the run
            print(f"state not written: {error}", file=sys.stderr)

    def begin(self) -> None:
        """Say that this process has the run."""
        self.save(state="starting", shim=procs.identity(os.getpid()))
        if self._listener is not None:  # not the first starter's, if that one was killed
            address, port = self._listener.getsockname()
            self.save(address=f"{address}:{port}")

    def run(self) -> None:
        """Start the sandbox, watch it until it ends, and leave the final state behind."""
        launch = self._launch()
        try:
            self.limiter.prepare(self.limits)
            launch.start()
            self.save(init_pid=launch.init_pid, pid=launch.init_pid, host_uid=launch.host_uid)
            self.limiter.watch(launch.init_pid)
            self.disk.watch(launch.init_pid)
            self.network.attach(self.plan, launch.init_pid, self._listener, launch.host_uid)
            launch.release()
            self.save(state="running", started=time.time())
            self._watch(launch)
        except (OSError, RuntimeError) as error:
            self.ending.fail_to_start(str(error))
            launch.kill()
            self._drain(launch)
            launch.wait()
        self._finish(launch)

    def _watch(self, launch: Launch) -> None:
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        poll.register(launch.output, select.POLLIN)
        wall = self.limits["wall_seconds"]
        deadline = time.monotonic() + wall if wall else None
        open_output = True
        while not launch.ended():
            ready = {descriptor for descriptor, _ in poll.poll(_CHECK_SECONDS * 1000)}
            if launch.output in ready and open_output and not self._copy_output(launch):
                poll.unregister(launch.output)
                open_output = False
            if self._wake in ready:
                os.read(self._wake, 4096)
                self._obey(launch)
            self._check(launch, deadline)
        self._drain(launch)

    def _copy_output(self, launch: Launch) -> bool:
        data = os.read(launch.output, _CHUNK)
        self.log.write(data)
        return bool(data)

    def _obey(self, launch: Launch) -> None:
        """Look at what the engine left in the folder before it sent a signal."""
        for source, _, writable in runfolder.live_mounts(self.folder):
            if writable:
                self.disk.add(source)
        try:
            grace = runfolder.read_json(self.folder, runfolder.STOP)["grace"]
        except FileNotFoundError:
            return
        if self.ending.begin("stopped", "the run was stopped", grace):
            launch.ask_to_end()

    def _check(self, launch: Launch, deadline: float | None) -> None:
        if self.ending.overdue():
            launch.kill()
        if deadline is not None and time.monotonic() > deadline:
            seconds = self.limits["wall_seconds"]
            sentence = f"the run reached its time limit of {seconds} s"
            if self.ending.begin("time_limit", sentence, TIME_LIMIT_GRACE):
                launch.ask_to_end()
        broken = (
            self._unreachable() or self.limiter.check() or self.disk.check() or self._fork_bomb()
        )
        if broken is not None and self.ending.begin(*broken, 0.0):
            launch.kill()
        kills = self.limiter.out_of_memory_kills()
        if kills != self.state.get("out_of_memory_kills", 0):
            sentence = "a process of the run was killed: it needed more memory than it may use"
            self.save(out_of_memory_kills=kills, detail=sentence)

    def _fork_bomb(self) -> tuple[str, str] | None:
        """A gang that does nothing else would hold its machine until its time is over.

        In a notebook it is the learner's own to stop.
        """
        if not self.plan["gang"] or self.limiter.refused_processes() < _BOMB_REFUSALS:
            return None
        most = self.limits["processes"]
        return "process_limit", f"the run went on asking for more than its {most} processes"

    def _unreachable(self) -> tuple[str, str] | None:
        """A run whose folder was deleted can't be found or stopped by anybody."""
        return None if os.path.isdir(self.folder) else ("stopped", "the run's folder is gone")

    def _drain(self, launch: Launch) -> None:
        """Take what is still in the pipe; every process that could write to it is gone."""
        until = time.monotonic() + _DRAIN_SECONDS
        while time.monotonic() < until and select.select([launch.output], [], [], 0.1)[0]:
            if not self._copy_output(launch):
                return

    def _finish(self, launch: Launch) -> None:
        if launch.setup_failed():
            self.ending.fail_to_start(f"the sandbox could not be made: {self.log.last_line()}")
        self.network.close()
        kills = self.limiter.out_of_memory_kills()
        refused = self.limiter.refused_processes() if self.plan["gang"] else 0
        usage = self.limiter.usage(None)
        self.limiter.close()
        self.save(
            **self.ending.result(launch.status(), kills, refused),
            out_of_memory_kills=kills,
            cpu_seconds=usage[0],
            ended=time.time(),
            init_pid=None,
        )


def main(arguments: list[str]) -> None:
    """``shim FOLDER [DESCRIPTOR]``: detach, then run the folder's plan.

    Returns to the starter once the shim has its own process and said so in
    ``state.json``, or another shim has the run (`claim`); status 1 when neither came true.
    ``DESCRIPTOR`` is the listening socket of `Engine.address`.
    """
    folder = arguments[0]
    listener = socket.socket(fileno=int(arguments[1])) if len(arguments) > 1 else None
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        os._exit(0 if os.read(told, 1) else 1)
    os.close(told)
    os.setsid()
    shim = Shim(folder, listener)
    ours = claim.take(folder)
    if ours:
        shim.begin()
    os.write(tell, b"1")
    os.close(tell)
    if ours:
        shim.run()
