"""``lyceum env list`` and ``lyceum env build``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from lyceum.cli.problems import ExitCode, Problem

if TYPE_CHECKING:
    # Takes half a second, which commands that only speak to a platform have no use for.
    from lyceum.environments import Availability

commands = typer.Typer(help="Environments: what notebooks run in.", no_args_is_help=True)


@commands.command("list")
def list_command() -> None:
    """Every environment: its interpreter, framework and whether it can be used here."""
    from lyceum import environments

    table = Table("name", "Python", "framework", "state")
    for environment in environments.definitions():
        found = environments.availability(environment.name)
        table.add_row(
            environment.name, environment.interpreter, environment.framework, _state(found)
        )
    Console().print(table)


@commands.command("build")
def build_command(
    names: Annotated[list[str], typer.Argument(help="As `lyceum env list` shows them.")],
) -> None:
    """Build environments now instead of at their first use."""
    from lyceum.cli.environments import build

    build(Console(stderr=True), _known(names))


@commands.command("lock")
def lock_command(
    names: Annotated[list[str], typer.Argument(help="Environments, or `notebook-server`.")],
) -> None:
    """For maintainers: resolve requirements.in anew and write requirements.lock."""
    from lyceum.environments.locking import lock

    for name in _known(names):
        Console().print(f"Locked {lock(name)}", soft_wrap=True)


def _known(names: list[str]) -> list[str]:
    from lyceum import environments

    known = {environment.name for environment in environments.definitions()}
    known.add(environments.SERVER)
    for name in names:
        if name not in known:
            raise Problem(
                ExitCode.USAGE,
                f"There is no environment {name!r}; there are {', '.join(sorted(known))}.",
            )
    return names


def _state(found: Availability) -> str:
    if found.built:
        return "[green]built[/]"
    if found.reason is None:
        return "built at its first use"
    from lyceum.cli.environments import why_unavailable

    return f"[yellow]unavailable[/]: {why_unavailable(found.reason)}"
