"""``lyceum up``: check, prepare, start, and stay until told to stop."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
from rich.console import Console

from lyceum.cli import checks, leftovers, state, tools
from lyceum.cli.problems import ExitCode, Problem
from lyceum.config import Settings, settings

PREPARE = "lyceum.cli.prepare"


def run(console: Console) -> None:
    """Start the platform and keep it running; returns after Ctrl-C or SIGTERM.

    Raises ``Problem`` when it can't start.
    """
    os.environ["PATH"] = tools.search_path()
    current = settings()
    checks.check_home(current.root)
    with _only_supervisor(current.root):
        for name in leftovers.end_leftovers(current.root):
            console.print(f"Stopped {name}, left over from a supervisor that was killed.")
        checks.check_all(current)
        login_link = _prepare()
        _supervise(console, current, login_link)


@contextmanager
def _only_supervisor(root: Path) -> Iterator[None]:
    lock = filelock.FileLock(root / "supervisor.lock", blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        last = state.read(root)
        process = f" (process {last.pid})" if last else ""
        raise Problem(
            ExitCode.ALREADY_RUNNING,
            f"Lyceum already runs from {root}{process}; `lyceum status` shows it.",
        ) from None
    with lock:
        yield


def _prepare() -> str:
    """Bring database, content and environments up to date.

    Returns the administrator's one-time login link, empty once there is one.
    Another process does it, so that Django does not stay in the supervisor.
    """
    done = subprocess.run(
        [sys.executable, "-m", PREPARE], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.returncode)  # it has said why
    return json.loads(done.stdout.splitlines()[-1])["login_link"]


def _supervise(console: Console, current: Settings, login_link: str) -> None:
    from lyceum.cli.parts import parts
    from lyceum.cli.supervisor import Supervisor

    def announce() -> None:
        console.print(f"Lyceum is ready: {current.portal_url}", highlight=False, soft_wrap=True)
        if login_link:
            console.print(
                f"Administrator, log in once with: {login_link}", highlight=False, soft_wrap=True
            )

    async def supervise() -> None:
        await Supervisor(current, parts(current)).run(announce)

    asyncio.run(supervise())
    console.print("Lyceum has stopped. Notebooks that were running go on.")
