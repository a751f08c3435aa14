"""Sandboxes started ahead: each becomes one project's, once, and is never used again.

A pool sandbox has the environments' files and nothing else: no project, no dataset,
no key, no learner's code has run in it. A start that finds one adds the
project's own mounts to it and hands its zygote (zygote.py) the server's command and
variables. Limits, network and forwards can't be changed later, so a sandbox only
serves a workload that has the same.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import secrets
import time
from collections import Counter, deque
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lyceum.engine import codec
from lyceum.engine.base import Engine, EngineError, Status
from lyceum.engine.workload import Mount, Workload
from lyceum.hub import server, zygote

log = logging.getLogger(__name__)

KIND = "notebook-pool"
ZYGOTE = PurePosixPath("/opt/lyceum/zygote.py")
READY_SECONDS = 120
RECENT = 20  # starts that say which kind of sandbox is worth preparing
KEPT_SECONDS = 24 * 3600  # an ended run's log, for whoever asks why
# Variables Python and its packages read when they are imported; none tells of a project.
EARLY = ("LANG", "LC_ALL", "PYTHONPATH", "HOME")


@dataclass(frozen=True)
class Ready:
    """A sandbox whose zygote waits."""

    run_id: str
    secret: str
    workload: Workload


class Pool:
    """Keeps up to ``size`` sandboxes ready; ``folder`` is the hub's own.

    ``folder/pool.json`` is the kind of sandbox prepared last, so that a hub that
    starts again prepares it at once; ``folder/claimed/<run id>`` names the server
    that a sandbox became. Used by the hub's one event loop.
    """

    def __init__(self, engine: Engine, folder: Path, *, size: int) -> None:
        self._engine = engine
        self._size = size
        self._wanted = folder / "pool.json"
        self._claimed = folder / "claimed"
        self._claimed.mkdir(parents=True, exist_ok=True)
        self._ready: list[Ready] = []
        self._unclaimed: set[str] = set()
        self._asked: deque[str] = deque(maxlen=RECENT)
        self._filling: asyncio.Task[None] | None = None

    def open(self) -> None:
        """End sandboxes that a dead hub left waiting, and prepare anew, in the background."""
        atexit.register(self._close)
        self._filling = asyncio.create_task(self._open())

    async def _open(self) -> None:
        for run in await asyncio.to_thread(self._engine.runs):
            if run.labels.get("kind") == KIND:
                await asyncio.to_thread(self._tidy, run)
        await self._fill()

    def _close(self) -> None:
        for run_id in self._unclaimed:
            self._engine.stop(run_id, grace=0)

    def _tidy(self, run: Status) -> None:
        claim = self._claimed / run.run_id
        if run.alive and not claim.exists():
            self._engine.stop(run.run_id, grace=0)
        elif run.ended and time.time() - run.ended > KEPT_SECONDS:
            self._engine.remove(run.run_id)
            claim.unlink(missing_ok=True)

    def became(self, run_id: str) -> str | None:
        """The label of the server that a sandbox of ours became, if it did."""
        try:
            return (self._claimed / run_id).read_text()
        except FileNotFoundError:
            return None

    def take(self, workload: Workload) -> Ready | None:
        """A waiting sandbox that ``workload`` may have, for :meth:`hand_over` at once."""
        wanted = blank(workload)
        if not workload.limits.gpus:  # a graphics card must not wait idle
            self._asked.append(codec.to_json(wanted))
        for ready in self._ready:
            if ready.workload == wanted:
                self._ready.remove(ready)
                self._unclaimed.discard(ready.run_id)
                return ready
        return None

    async def hand_over(self, ready: Ready, workload: Workload) -> str | None:
        """Turn a waiting sandbox into ``workload``'s run; its run id.

        ``None`` when it can't be done: then a cold start will. The sandbox is
        ended then, as it may have seen the project.
        """
        (self._claimed / ready.run_id).write_text(workload.labels[server.LABEL])
        try:
            await asyncio.to_thread(self._mount, ready, workload)
            await self._order(ready, workload)
        except (TimeoutError, EngineError, OSError, KeyError) as error:
            log.warning("a waiting sandbox could not be used: %s", error)
            await self._end(ready.run_id)
            return None
        return ready.run_id

    def fill(self) -> None:
        """Prepare sandboxes in the background until ``size`` of them wait."""
        if self._size and (self._filling is None or self._filling.done()):
            self._filling = asyncio.create_task(self._fill())

    def _mount(self, ready: Ready, workload: Workload) -> None:
        there = set(ready.workload.mounts)
        missing = [mount for mount in workload.mounts if mount not in there]
        for mount in sorted(missing, key=lambda mount: len(mount.target.parts)):
            self._engine.mount(
                ready.run_id, mount.source, str(mount.target), writable=mount.writable
            )

    async def _order(self, ready: Ready, workload: Workload) -> None:
        order = {
            "module": server.MODULE,
            "options": list(server.options(workload)),
            "env": workload.env,
            "cwd": str(workload.cwd),
        }
        async with asyncio.timeout(zygote.PATIENCE):
            reader, writer = await self._call(ready.run_id)
            try:
                writer.write(f"{ready.secret} {json.dumps(order)}\n".encode())
                await writer.drain()
                if await reader.readline() != b"yes\n":
                    raise EngineError("the zygote did not take its order")
            finally:
                writer.close()

    async def _call(self, run_id: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a zygote; raises ``ConnectionError`` while it still imports."""
        address = await asyncio.to_thread(self._engine.address, run_id)
        if address is None:
            raise EngineError(f"run {run_id} has ended")
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        if await reader.readline() != zygote.GREETING:
            writer.close()
            raise ConnectionError("no zygote answers yet")
        return reader, writer

    def _next(self) -> Workload | None:
        """The kind of sandbox asked for most of late, as ``pool.json`` keeps it."""
        if self._asked:
            text, _times = Counter(self._asked).most_common(1)[0]
            self._wanted.write_text(text)
        try:
            return codec.from_json(self._wanted.read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    async def _fill(self) -> None:
        wanted = self._next()
        if wanted is None:
            return
        await self._drop(wanted)
        while len(self._ready) < self._size:
            try:
                self._ready.append(await self._prepare(wanted))
            except (TimeoutError, EngineError) as error:
                log.warning("no sandbox could be prepared: %s", error)
                return

    async def _prepare(self, wanted: Workload) -> Ready:
        secret = secrets.token_hex(16)
        env = {**wanted.env, "LYCEUM_ZYGOTE_SECRET": secret}
        run_id = await asyncio.to_thread(self._engine.start, replace(wanted, env=env))
        self._unclaimed.add(run_id)
        try:
            await self._await_zygote(run_id)
        except BaseException:
            await self._end(run_id)
            raise
        return Ready(run_id, secret, wanted)

    async def _end(self, run_id: str) -> None:
        self._unclaimed.discard(run_id)
        await asyncio.to_thread(self._engine.stop, run_id, grace=0)

    async def _drop(self, wanted: Workload) -> None:
        """End what waits for workloads of another kind, or has died."""
        for ready in list(self._ready):
            status = await asyncio.to_thread(self._engine.status, ready.run_id)
            if ready.workload != wanted or not status.alive:
                self._ready.remove(ready)
                await self._end(ready.run_id)

    async def _await_zygote(self, run_id: str) -> None:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                try:
                    _reader, writer = await self._call(run_id)
                except ConnectionError:
                    await asyncio.sleep(0.1)
                else:
                    writer.close()
                    return


def blank(workload: Workload) -> Workload:
    """A sandbox that any workload like ``workload`` can take over: nobody's yet.

    It lacks what is mounted in the work folder, where all of a project's own files
    are, and every variable but those that Python needs. What else a workload has
    must be the same in the sandbox that it takes over.
    """
    shared = (mount for mount in workload.mounts if not mount.target.is_relative_to(server.HOME))
    return replace(
        workload,
        name="a notebook server started ahead",
        argv=(*server.command(), str(ZYGOTE)),
        cwd=PurePosixPath("/"),
        env={
            **{name: workload.env[name] for name in EARLY if name in workload.env},
            "LYCEUM_ZYGOTE_PORT": str(workload.listen),
        },
        mounts=(*shared, Mount(Path(zygote.__file__).resolve(), ZYGOTE)),
        hostname="notebook",
        labels={"kind": KIND},
    )
