"""The ``lyceum`` command."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from lyceum.cli import competition, dataset, env, login, task
from lyceum.cli.problems import Problem

commands = typer.Typer(
    name="lyceum",
    help="An open, self-hosted AI learning and training platform.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
commands.add_typer(env.commands, name="env")
commands.add_typer(dataset.commands, name="dataset")
commands.add_typer(task.commands, name="task")
commands.add_typer(competition.commands, name="competition")
commands.command("login")(login.login)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(version("lyceum"))
        raise typer.Exit


@commands.callback()
def root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """Options of every command."""


@commands.command("up")
def up_command() -> None:
    """Start the platform and keep it running until Ctrl-C."""
    from lyceum.cli import up

    up.run(Console())


@commands.command("status")
def status_command(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show each part: its version, health, uptime, restarts and log."""
    from lyceum.cli import status

    status.run(Console(), as_json=as_json)


@commands.command("doctor")
def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what this machine can isolate and limit, and what it lacks."""
    from lyceum.cli import doctor

    doctor.run(Console(), as_json=as_json)


def app() -> None:
    """The console script: problems end it with a sentence and their own exit code."""
    try:
        commands()
    except Problem as problem:
        Console(stderr=True, highlight=False).print(problem.sentence, soft_wrap=True, markup=False)
        sys.exit(problem.code)
