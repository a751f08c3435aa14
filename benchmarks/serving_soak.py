"""Does the memory of what serves predictions stay where it is, call after call?

Calls one service steadily through the front door and notes the resident memory of front
door, gateway, dispatcher, supervisor and worker. Fails when one of them grows, when a
process is another than before, and when a call is refused.

    python -m benchmarks.serving_soak [--minutes 30] [--rate 50] [--every 30]

The first quarter of the time is for warming up. What grows is told by the line through
the samples after that: a leak of 100 bytes a call is 7 MB in half an hour.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression

import httpx

from benchmarks import serving
from lyceum.cli.parts import parts
from lyceum.config import settings
from lyceum.engine import procs
from tests.support.environments import SHARED
from tests.support.platform import free_ports

MOST_GROWTH_MB = 4.0
"""After warming up, over the rest of the time."""

_RESIDENT = re.compile(r"VmRSS:\s+(\d+) kB")


@dataclass
class Part:
    """A process, and its memory: ``(seconds, megabytes)``."""

    name: str
    pid: int
    samples: list[tuple[float, float]] = field(default_factory=list)

    def look(self, seconds: float) -> float:
        """Raises ``OSError`` once the process is gone."""
        told = Path(f"/proc/{self.pid}/status").read_text()
        self.samples.append((seconds, int(_RESIDENT.search(told)[1]) / 1024))
        return self.samples[-1][1]

    def growth(self) -> float:
        """Megabytes that the line through the samples after the first quarter gains."""
        late = [each for each in self.samples if each[0] >= self.samples[-1][0] / 4]
        seconds, megabytes = zip(*late, strict=True)
        return linear_regression(seconds, megabytes).slope * (seconds[-1] - seconds[0])


@dataclass
class Caller:
    """Calls at a steady rate, in a thread, until it is closed."""

    target: serving.Target
    rate: float
    answered: int = 0
    refused: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def calling(self) -> Iterator[None]:
        thread = threading.Thread(target=self._call)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _call(self) -> None:
        due = time.monotonic()
        with httpx.Client(timeout=30, trust_env=False) as http:
            while not self._over.wait(due - time.monotonic()):
                due = max(due + 1 / self.rate, time.monotonic() - 1)
                try:
                    http.post(self.target.url, json=self.target.body).raise_for_status()
                    self.answered += 1
                except httpx.HTTPError as error:
                    self.refused.append(repr(error))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--rate", type=float, default=50)
    options.add_argument("--every", type=float, default=30)
    chosen = options.parse_args()
    # Ended early, it leaves no process behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    home = Path(tempfile.mkdtemp(prefix="lyceum-soak-"))
    os.environ |= {
        "LYCEUM_HOME": str(home),
        "LYCEUM_PORT": str(free_ports(12)),
        "LYCEUM_ENVIRONMENTS": str(SHARED),
        "DJANGO_SETTINGS_MODULE": "lyceum.portal.settings",
    }
    try:
        with platform(home) as (target, found):
            caller = Caller(target, chosen.rate)
            with caller.calling():
                watch(found, caller, minutes=chosen.minutes, every=chosen.every)
            return report(found, caller)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def platform(home: Path) -> Iterator[tuple[serving.Target, list[Part]]]:
    """What serves predictions, with a service that answers; all its processes."""
    manage = [sys.executable, str(serving.CHECKOUT / "manage.py"), "migrate", "-v0"]
    subprocess.run(manage, check=True)
    path = serving.make_service(home / "model.skops")
    query = httpx.QueryParams({"apiKey": serving.KEY})
    url = f"http://127.0.0.1:{settings().port}/serving/{path}?{query}"
    target, found = serving.Target("soak", url, serving.VALUES), []
    with contextlib.ExitStack() as stack:
        stack.callback(serving.end_replicas)  # last, when no dispatcher starts another
        for part in parts(settings()):
            if part.name in ("proxy", "gateway", "dispatcher"):
                process = stack.enter_context(serving.run(part.argv, part.env))
                found.append(Part(part.name, process.pid))
        serving.await_answer(target)
        yield target, [*found, *sandboxed()]


def sandboxed() -> list[Part]:
    """The only replica's supervisor and worker: the innermost two of its processes."""
    from lyceum.engine import local_engine
    from lyceum.serving.workloads import runs

    (run,) = (each for each in runs() if each.alive)
    pids = [local_engine().status(run.run_id).pid]
    while children := procs.children(pids[-1]):
        pids.append(children[0])
    return [Part("supervisor", pids[-2]), Part("worker", pids[-1])]


def watch(found: list[Part], caller: Caller, *, minutes: float, every: float) -> None:
    """Look at every process each ``every`` seconds."""
    began = time.monotonic()
    while (seconds := time.monotonic() - began) < minutes * 60 + every / 2:
        told = "  ".join(f"{part.name} {part.look(seconds):6.1f}" for part in found)
        print(f"{seconds:6.0f} s  {caller.answered:7} calls  {told}  (MB)", flush=True)
        time.sleep(every)


def report(found: list[Part], caller: Caller) -> int:
    """Say how much each has grown; 1 when one has grown too much, or a call was refused."""
    for part in found:
        print(f"{part.name}: {part.growth():+.2f} MB, allowed {MOST_GROWTH_MB}")
    print(f"{caller.answered} calls answered, refused: {len(caller.refused)} {caller.refused[:3]}")
    grew = any(part.growth() > MOST_GROWTH_MB for part in found)
    return 1 if grew or caller.refused else 0


if __name__ == "__main__":
    sys.exit(main())
