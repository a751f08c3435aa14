"""``lyceum dataset``: datasets of the platform that the user is logged in to."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from lyceum.cli import transfer
from lyceum.cli.printing import AsJson, print_json, say
from lyceum.cli.problems import ExitCode, Problem
from lyceum.cli.remote import AGAIN, connected

commands = typer.Typer(help="Datasets: upload, list and download them.", no_args_is_help=True)

_Id = Annotated[int, typer.Argument(metavar="ID", help="The dataset's number.", min=1)]
_Number = Annotated[int | None, typer.Option("--version", help="The newest unless given.", min=1)]
_Paths = typer.Argument(metavar="PATH…", help="Files and folders.", exists=True)


@commands.command("create")
def create(
    paths: Annotated[list[Path], _Paths],
    name: Annotated[str, typer.Option(help="What it is called.")],
    summary: Annotated[str, typer.Option(help="One sentence about it.")] = "",
    licence: Annotated[str, typer.Option(help="An SPDX identifier, as CC-BY-4.0.")] = "",
    source: Annotated[str, typer.Option(help="The web address it is from.")] = "",
    tags: Annotated[list[str] | None, typer.Option("--tag", help="May be repeated.")] = None,
    shared: Annotated[bool, typer.Option("--shared", help="For everybody to see.")] = False,
    description: Annotated[
        Path | None, typer.Option(help="A Markdown file.", exists=True, dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Upload files and folders and make a dataset of them.

    When it is cut off, the same command again sends only what is missing.
    """
    with connected(interrupted=AGAIN) as client:
        about = _read(description) if description else ""
        with transfer.shown("Sending") as progress:
            made = client.datasets.create(
                paths,
                name=name,
                summary=summary,
                description=about,
                licence=licence,
                source=source,
                tags=tags or (),
                visibility="shared" if shared else "private",
                progress=progress,
            )
    if as_json:
        print_json(asdict(made))
    else:
        say(
            f"Created dataset {made.id}, “{made.name}”: {_files(made.file_count)}, "
            f"{decimal(made.size)}. {made.page}"
        )


@commands.command("version")
def version(
    dataset_id: _Id,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH…]", help="Files and folders.", exists=True),
    ] = None,
    note: Annotated[str, typer.Option(help="What is new.")] = "",
    remove: Annotated[
        list[str] | None,
        typer.Option(help="A file of the newest version to leave out; may be repeated."),
    ] = None,
    discard: Annotated[
        bool, typer.Option("--discard", help="Give up changes begun elsewhere and not finished.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the next version: the newest one's files, some added, replaced or left out."""
    if not paths and not remove:
        raise Problem(ExitCode.USAGE, "Give files to send or --remove files to leave out.")
    with connected(interrupted=AGAIN) as client, transfer.shown("Sending") as progress:
        made = client.datasets.add_version(
            dataset_id,
            paths or (),
            note=note,
            remove=remove or (),
            discard=discard,
            progress=progress,
        )
    if as_json:
        print_json(asdict(made))
    else:
        say(
            f"Made version {made.number} of dataset {dataset_id}: {_files(made.file_count)}, "
            f"{decimal(made.size)}."
        )


@commands.command("list")
def list_command(
    tab: Annotated[str, typer.Option(help="official, shared, mine or favourites.")] = "mine",
    search: Annotated[str, typer.Option(help="Words to look for.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """List datasets, the newest first."""
    if tab not in ("official", "shared", "mine", "favourites"):
        raise Problem(ExitCode.USAGE, "--tab is official, shared, mine or favourites.")
    with connected() as client:
        found = list(islice(client.datasets.list(tab=tab, search=search), limit + 1))
    shown = found[:limit]
    if as_json:
        print_json([asdict(each) for each in shown])
        return
    if not shown:
        say("There are no such datasets.")
        return
    table = Table("ID", "name", "owner", "files", "size", "licence", "changed")
    for each in shown:
        table.add_row(
            str(each.id),
            Text(each.name),
            Text(each.owner.username),
            str(each.file_count),
            decimal(each.size),
            each.licence,
            f"{each.updated.astimezone():%Y-%m-%d %H:%M}",
        )
    Console().print(table)
    if len(found) > limit:
        say(f"There are more: --limit {limit * 2}, or --search WORDS.")


@commands.command("files")
def files(dataset_id: _Id, number: _Number = None, as_json: AsJson = False) -> None:
    """List a dataset's files."""
    with connected() as client:
        listed = client.datasets.files(dataset_id, version=number)
        found = sorted(listed, key=lambda file: file.path)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    table = Table("path", "size", "SHA-256")
    for each in found:
        table.add_row(Text(each.path, overflow="fold"), decimal(each.size), each.sha256[:12])
    Console().print(table)


@commands.command("download")
def download(
    dataset_id: _Id,
    path: Annotated[
        str | None, typer.Argument(help="One file or folder of the dataset; all unless given.")
    ] = None,
    folder: Annotated[
        Path, typer.Option("--output", "-o", help="The folder to put them into.", file_okay=False)
    ] = Path("."),
    number: _Number = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of another content.")
    ] = False,
) -> None:
    """Fetch a dataset's files; when cut off, the same command again goes on."""
    with connected(interrupted=AGAIN) as client, transfer.shown("Fetching") as progress:
        places = client.datasets.download(
            dataset_id, path, to=folder, version=number, overwrite=overwrite, progress=progress
        )
    say(f"{_files(len(places))} in {folder.resolve()}, with the right SHA-256.")


def _read(description: Path) -> str:
    try:
        return description.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Problem(ExitCode.FAILED, f"{description} is no text in UTF-8.") from None


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
