"""What commands print: sentences for people, JSON for programs."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


def say(sentence: str, *, err: bool = False) -> None:
    """Print ``sentence`` as it is, on standard error if ``err``."""
    Console(stderr=err, highlight=False).print(sentence, soft_wrap=True, markup=False)


def print_json(value: Any) -> None:
    """``value`` on one line; times as ISO 8601 has them."""
    typer.echo(json.dumps(value, default=lambda each: each.isoformat(), ensure_ascii=False))
