"""``lyceum doctor``: what this machine can isolate and limit, tried for real."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from lyceum.cli import checks
from lyceum.cli.problems import ExitCode, Problem
from lyceum.config import settings
from lyceum.engine import doctor
from lyceum.engine.base import EngineError
from lyceum.engine.doctor import Check
from lyceum.engine.ray.engine import RayEngine


def run(console: Console, *, as_json: bool) -> None:
    """Print every check; exits with ``FAILED`` when one says that less works than could."""
    found = [*_platform_checks(), *doctor.checks()]
    if settings().engine == "ray":
        found.append(_cluster())
    if as_json:
        console.print_json(json.dumps([asdict(check) for check in found]))
    else:
        _print(console, found)
    if not all(check.ok for check in found):
        raise SystemExit(ExitCode.FAILED)


def _platform_checks() -> list[Check]:
    current = settings()
    tries = {
        "data_folder": lambda: checks.check_home(current.root),
        "node": checks.check_node,
        "bundle": checks.check_bundle,
    }
    found = []
    for name, attempt in tries.items():
        try:
            attempt()
        except Problem as problem:
            found.append(Check(name, False, problem.sentence))
        else:
            found.append(Check(name, True, str(current.root) if name == "data_folder" else ""))
    return found


def _cluster() -> Check:
    try:
        capacity = RayEngine(settings().root).reached()
    except EngineError as error:
        return Check("cluster", False, str(error), "see docs/operators/cluster.md")
    gigabytes = capacity.memory_bytes / (1 << 30)
    detail = f"{capacity.nodes} machines, {capacity.cpus:g} cores, {gigabytes:.0f} GB for tasks"
    return Check("cluster", True, detail)


def _print(console: Console, found: list[Check]) -> None:
    table = Table("check", "", "what was found", show_lines=True)
    for check in found:
        advice = f"\n[bold]To fix it:[/] {check.fix}" if check.fix and not check.ok else ""
        mark = "[green]ok[/]" if check.ok else "[red]no[/]"
        table.add_row(check.name, mark, check.detail + advice)
    console.print(table)
