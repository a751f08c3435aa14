"""``lyceum status``: every part as it is now, asked, not remembered."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, dataclass
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from lyceum.cli import health, state
from lyceum.cli.problems import ExitCode, Problem
from lyceum.config import settings


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One part now; ``uptime_seconds`` is ``None`` while it is down."""

    name: str
    version: str
    pid: int | None
    healthy: bool
    phase: str
    uptime_seconds: float | None
    restarts: int
    last_exit: str | None
    log: str


def run(console: Console, *, as_json: bool) -> None:
    """Print the parts' status.

    Raises ``Problem`` when nothing runs, and exits with ``PART_NOT_READY`` when a
    part is not healthy.
    """
    root = settings().root
    last = state.read(root)
    if last is None or not state.is_same_process(last.pid, last.born):
        raise Problem(
            ExitCode.NOT_RUNNING, f"Lyceum does not run from {root}; start it with `lyceum up`."
        )
    found = asyncio.run(_ask(last))
    if as_json:
        console.print_json(
            json.dumps({"url": last.url, "parts": [asdict(part) for part in found]})
        )
    else:
        _print(console, last.url, found)
    if not all(part.healthy for part in found):
        raise SystemExit(ExitCode.PART_NOT_READY)


async def _ask(last: state.SupervisorState) -> list[PartStatus]:
    async with health.client() as http:
        answers = await asyncio.gather(
            *(health.answers(http, part.health_url) for part in last.parts)
        )
    return [_status(part, answered) for part, answered in zip(last.parts, answers, strict=True)]


def _status(part: state.PartState, answered: bool) -> PartStatus:
    alive = state.is_same_process(part.pid, part.born)
    return PartStatus(
        name=part.name,
        version=part.version,
        pid=part.pid if alive else None,
        healthy=alive and answered,
        phase=part.phase,
        uptime_seconds=time.time() - part.started if alive and part.started else None,
        restarts=part.restarts,
        last_exit=part.last_exit,
        log=str(part.log),
    )


def _print(console: Console, url: str, found: list[PartStatus]) -> None:
    table = Table("part", "version", "health", "process", "up for", "restarts", "log")
    for part in found:
        table.add_row(
            part.name,
            part.version,
            "[green]healthy[/]" if part.healthy else f"[red]{part.phase}[/]",
            str(part.pid or "–"),
            _duration(part.uptime_seconds),
            str(part.restarts) + (f" (last: {part.last_exit})" if part.last_exit else ""),
            part.log,
        )
    console.print(url, highlight=False)
    console.print(table)


def _duration(seconds: float | None) -> str:
    return "–" if seconds is None else str(timedelta(seconds=round(seconds)))
