"""``lyceum login``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from lyceum.cli import credentials
from lyceum.cli.problems import ExitCode, Problem
from lyceum.cli.remote import told

_TOKENS = "/accounts/tokens/"


def login(
    address: Annotated[
        str, typer.Argument(help="Of the platform.", envvar="LYCEUM_ADDRESS")
    ] = credentials.DEFAULT_ADDRESS,
    token: Annotated[
        str,
        typer.Option(help="An access token; asked for otherwise.", envvar="LYCEUM_TOKEN"),
    ] = "",
) -> None:
    """Remember a platform and an access token for the other commands."""
    from lyceum.sdk import Client

    with told():
        if not token:
            token = _ask(address)
        with Client(address, token) as client:
            person = client.me()
            stored = credentials.store(credentials.Credentials(client.address, token))
    out = Console(highlight=False)
    out.print(
        f"You are {person.name} ({person.username}) on {client.address}; kept in {stored}.",
        soft_wrap=True,
        markup=False,
    )


def _ask(address: str) -> str:
    """The token as the user types it, unseen, or from a pipe."""
    if sys.stdin.isatty():
        typer.echo(f"Make an access token at {address.rstrip('/')}{_TOKENS} and paste it here.")
        token = typer.prompt("Access token", hide_input=True)
    else:
        token = sys.stdin.readline()
    if not token.strip():
        raise Problem(ExitCode.USAGE, "An access token is needed: give it with --token.")
    return token.strip()
