"""1,000 queued tasks of three users worked off.

    .venv/bin/python -m benchmarks.task_queue [--tasks 1000]

The dispatcher is the real one over a database of its own; engine and clock are simulated, so
that hours of runs pass at once. Fails when what users were given differs by more than two of
the longest tasks while all of them have tasks queued, or when memory grows by more than 10 MB
over the second half.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

MOST_GROWTH = 10 * 1024 * 1024


def main() -> int:
    """Measure, print the figures; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=1000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lyceum-bench-") as home:
        _set_up(home)
        is_fine = drain(Path(home), chosen.tasks)
    return 0 if is_fine else 1


def _set_up(home: str) -> None:
    import django
    from django.core.management import call_command

    os.environ |= {"LYCEUM_HOME": home, "DJANGO_SETTINGS_MODULE": "lyceum.portal.settings"}
    os.environ["LYCEUM_LIMIT_TASK_CPU_HOURS_PER_DAY"] = "1000"
    django.setup()
    call_command("migrate", verbosity=0)


def drain(folder: Path, count: int) -> bool:
    """Work off ``count`` tasks of three users; whether that was fair and memory flat."""
    from lyceum import environments
    from lyceum.dispatcher import task_runs, tasks
    from tests.dispatcher.queueing import Queue
    from tests.dispatcher.simulated import Inline, SimulatedEngine, small_workload

    there = environments.Availability(available=True, built=True)
    environments.availability = lambda name: there
    task_runs.task_workload = small_workload
    engine = SimulatedEngine(folder)
    queue = Queue(engine, {"amy": count // 2, "bo": count * 3 // 10, "cy": count // 5})
    dispatcher = tasks.Tasks(engine, pool=Inline(), clock=engine.clock)
    process = psutil.Process()
    spreads, memory, begun, simulated = [], [], time.monotonic(), engine.now
    for turn in queue.drain(dispatcher):
        if min(turn.queued.values()) > 0:
            spreads.append(turn.spread)
        memory.append(process.memory_info().rss)
    growth = memory[-1] - memory[len(memory) // 2]
    print(f"{count} tasks of 3 users: {time.monotonic() - begun:.1f} s for")
    print(f"  {(engine.now - simulated) / 3600:.1f} simulated hours and {len(memory)} turns")
    print(f"  what they were given differs by at most {max(spreads):.0f} CPU seconds")
    print(f"  memory grew by {growth / 1e6:.1f} MB over the second half")
    return max(spreads) <= 2 * queue.LONGEST and growth <= MOST_GROWTH


if __name__ == "__main__":
    sys.exit(main())
