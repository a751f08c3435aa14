"""Starts the platform's parts, starts again what dies, stops them in order.

Each part runs in a session of its own: a Ctrl-C in the terminal reaches only the
supervisor, and a signal to a part's group reaches all of it. A part gets SIGTERM
when the supervisor dies in any way (``setpriv --pdeathsig``). Notebook servers
are detached by the engine's shim and are nobody's part.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable

from lyceum.cli import health, logs, state
from lyceum.cli.parts import Part
from lyceum.cli.problems import ExitCode, Problem
from lyceum.config import Settings

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STEADY_SECONDS = 60.0
READY_SECONDS = 60.0
POLL_SECONDS = 0.2
ROTATION_SECONDS = 30.0


def restart_delay(failures: int) -> float:
    """Seconds before the next start after ``failures`` starts in a row that ended early."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2 ** max(0, failures - 1))


class Supervisor:
    """Runs ``parts`` until told to stop; ``run`` may be called once."""

    def __init__(self, current: Settings, parts: tuple[Part, ...]) -> None:
        self._root = current.root
        self._parts = {part.name: part for part in parts}
        self._ready = {part.name: asyncio.Event() for part in parts}
        self._stopping = asyncio.Event()
        self._http = health.client()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        pid = os.getpid()
        self._state = state.SupervisorState(
            pid=pid,
            born=state.born(pid) or time.time(),
            url=current.portal_url,
            parts=[
                state.PartState(
                    name=part.name,
                    version=part.version,
                    log=logs.log_path(self._root, part.name),
                    health_url=part.health_url,
                )
                for part in parts
            ],
        )
        self._states = {part.name: part for part in self._state.parts}

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call ``on_ready`` once all parts are, and run until stopped.

        Raises ``Problem`` when a part does not become ready in time; whatever was
        started is stopped first.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        self._save()
        keepers = [asyncio.create_task(self._keep(part)) for part in self._parts.values()]
        keepers.append(asyncio.create_task(self._rotate_logs()))
        try:
            await self._wait_until_ready(keepers)
            if not self._stopping.is_set():
                on_ready()
            await self._until_stopped(keepers)
        finally:
            self._stopping.set()
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            await self._stop_all()
            await self._http.aclose()

    async def _wait_until_ready(self, keepers: list[asyncio.Task[None]]) -> None:
        all_ready = asyncio.create_task(self._until_all_ready())
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            done, _ = await asyncio.wait(
                [all_ready, stopped, *keepers],
                timeout=READY_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            all_ready.cancel()
            stopped.cancel()
        if not done:
            raise self._not_ready()
        for keeper in keepers:
            if keeper in done:
                keeper.result()

    async def _until_all_ready(self) -> None:
        for event in self._ready.values():
            await event.wait()

    def _not_ready(self) -> Problem:
        late = next(name for name, event in self._ready.items() if not event.is_set())
        log = self._states[late].log
        last = logs.tail(log)
        return Problem(
            ExitCode.PART_NOT_READY,
            f"The part {late!r} did not become ready within {READY_SECONDS:.0f} seconds. "
            f"Its log is {log}" + (f"; it ends with:\n{last}" if last else "."),
        )

    async def _until_stopped(self, keepers: list[asyncio.Task[None]]) -> None:
        stopped = asyncio.create_task(self._stopping.wait())
        done, _ = await asyncio.wait([stopped, *keepers], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _keep(self, part: Part) -> None:
        """Keep one part running, with a growing pause between starts that fail."""
        for name in part.after:
            await self._ready[name].wait()
        failures = 0
        while True:
            began = time.monotonic()
            process = await self._start(part)
            watch = asyncio.create_task(self._watch_until_ready(part, process))
            code = await process.wait()
            watch.cancel()
            failures = 1 if time.monotonic() - began > STEADY_SECONDS else failures + 1
            self._note_end(part, code)
            await asyncio.sleep(restart_delay(failures))
            self._states[part.name].restarts += 1

    async def _start(self, part: Part) -> asyncio.subprocess.Process:
        log = self._states[part.name].log
        logs.rotate(log)
        output = logs.open_for_append(log)
        try:
            process = await asyncio.create_subprocess_exec(
                "setpriv",
                "--pdeathsig=TERM",
                "--",
                *part.argv,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **part.env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        finally:
            os.close(output)
        self._processes[part.name] = process
        self._update(
            part,
            phase="starting",
            pid=process.pid,
            born=state.born(process.pid),
            started=time.time(),
        )
        return process

    async def _watch_until_ready(self, part: Part, process: asyncio.subprocess.Process) -> None:
        while process.returncode is None:
            if await health.answers(self._http, part.health_url):
                self._update(part, phase="ready")
                self._ready[part.name].set()
                return
            await asyncio.sleep(POLL_SECONDS)

    def _note_end(self, part: Part, code: int) -> None:
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._update(part, phase="backing off", pid=None, born=None, last_exit=how)

    async def _stop_all(self) -> None:
        """Stop the parts, last started first, each with the time it asks for."""
        for part in reversed(self._parts.values()):
            process = self._processes.get(part.name)
            if process is not None:
                await self._stop(process, part.grace)
            self._update(part, phase="stopped", pid=None, born=None)
        state.path(self._root).unlink(missing_ok=True)

    async def _stop(self, process: asyncio.subprocess.Process, grace: float) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), grace)

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(ROTATION_SECONDS)
            for part in self._state.parts:
                await asyncio.to_thread(logs.rotate, part.log)

    def _update(self, part: Part, **changes: object) -> None:
        for name, value in changes.items():
            setattr(self._states[part.name], name, value)
        self._save()

    def _save(self) -> None:
        state.write(self._root, self._state)
