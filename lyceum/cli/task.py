"""``lyceum task``: tasks of cluster projects, on the platform that the user is logged in to."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lyceum.cli.printing import AsJson, print_json, say
from lyceum.cli.problems import ExitCode, Problem
from lyceum.cli.remote import connected

if TYPE_CHECKING:
    from lyceum.sdk import Client
    from lyceum.sdk.models import Task

commands = typer.Typer(
    help="Tasks of cluster projects: submit, watch and stop them.", no_args_is_help=True
)

_STATES = ("queued", "starting", "running", "succeeded", "failed", "stopped")
_WAIT_SECONDS = 1.0

_Id = Annotated[int, typer.Argument(metavar="ID", help="The task's number.", min=1)]
_Project = typer.Option("--project", "-p", help="The project's number.", min=1)
_Folder = Annotated[
    Path, typer.Option("--output", "-o", help="The folder to put it into.", file_okay=False)
]


@commands.command("submit")
def submit(
    project: Annotated[int, _Project],
    note: Annotated[str, typer.Option(help="What it is known by in the history.")] = "",
    trainers: Annotated[int | None, typer.Option(help="How many trainers.", min=1)] = None,
    pservers: Annotated[int, typer.Option(help="How many parameter servers.", min=0)] = 0,
    cpus: Annotated[int, typer.Option(help="CPU cores of each of them.", min=1)] = 1,
    gpus: Annotated[int, typer.Option(help="GPUs of each trainer.", min=0)] = 0,
    minutes: Annotated[
        int | None, typer.Option("--time-limit", help="Minutes it may take.", min=1)
    ] = None,
    main_file: Annotated[
        str | None, typer.Option("--main", help="The program to run; the project's main file.")
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--env", help="The environment; the project's.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="A saved version to run; the files as they are.", min=1)
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show its log until it has ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Save a project's files as a version and run them.

    With --follow the exit code is 0 when the task succeeded, else 1.
    """
    with connected() as client:
        task = client.tasks.submit(
            project,
            note=note,
            trainers=trainers,
            pservers=pservers,
            cpus=cpus,
            gpus=gpus,
            time_limit_minutes=minutes,
            main_file=main_file,
            environment=environment,
            version=version,
        )
    if as_json and not follow:
        print_json(asdict(task))
    else:
        say(f"Task {task.id} runs version {task.version}. {task.page}", err=follow)
    if follow:
        _follow(task.id, as_json=as_json)


@commands.command("list")
def list_command(
    project: Annotated[int | None, _Project] = None,
    state: Annotated[str | None, typer.Option(help=f"One of {', '.join(_STATES)}.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """List tasks, of one project or of all of yours, the newest first."""
    if state not in (None, *_STATES):
        raise Problem(ExitCode.USAGE, f"--state is one of {', '.join(_STATES)}.")
    with connected() as client:
        found = list(islice(client.tasks.list(project, state=state), limit + 1))
    shown = found[:limit]
    if as_json:
        print_json([asdict(each) for each in shown])
        return
    if not shown:
        say("There are no such tasks.")
        return
    table = Table("ID", "project", "version", "note", "environment", "size", "submitted", "state")
    for each in shown:
        table.add_row(
            str(each.id),
            str(each.project_id),
            str(each.version),
            Text(each.note),
            each.environment,
            _size(each),
            f"{each.submitted.astimezone():%Y-%m-%d %H:%M}",
            Text(_state(each)),
        )
    Console().print(table)
    if len(found) > limit:
        say(f"There are more: --limit {limit * 2}.")


@commands.command("logs")
def logs(
    task_id: _Id,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the task has ended.")
    ] = False,
    member: Annotated[str, typer.Option(help="Only of one: trainer-0, pserver-0 ….")] = "",
) -> None:
    """Print a task's log."""
    with connected() as client:
        _print_log(client, task_id, follow=follow, member=member)


@commands.command("stop")
def stop(
    task_id: _Id,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Until all its processes have ended.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Stop a task: its processes are asked to end, then killed."""
    with connected() as client:
        task = client.tasks.stop(task_id, wait=wait)
    if as_json:
        print_json(asdict(task))
    else:
        say(f"Task {task.id}: {_state(task)}.")


@commands.command("output")
def output(
    task_id: _Id,
    folder: _Folder = Path("."),
    log: Annotated[bool, typer.Option("--log", help="Its log instead.")] = False,
) -> None:
    """Fetch what a task wrote to ./output, as <ID>_output.tar.gz."""
    with connected() as client:
        fetch = client.tasks.log_archive if log else client.tasks.output
        place = fetch(task_id, to=folder)
    say(str(place.resolve()))


def _follow(task_id: int, *, as_json: bool) -> None:
    """The log on standard output until the end; a problem unless the task succeeded."""
    goes_on = f"Interrupted. The task goes on: lyceum task logs -f {task_id}"
    with connected(interrupted=goes_on) as client:
        _wait_for_start(client, task_id)
        _print_log(client, task_id, follow=True, to_stderr=as_json)
        task = client.tasks.wait(task_id)
    if as_json:
        print_json(asdict(task))
    if task.state != "succeeded":
        raise Problem(ExitCode.FAILED, f"Task {task.id}: {_state(task)}. {task.detail}".strip())
    say(f"Task {task.id}: {_state(task)}.", err=True)


def _wait_for_start(client: Client, task_id: int) -> None:
    """Say why it waits, whenever that changes."""
    told = ""
    while (task := client.tasks.get(task_id)).state == "queued":
        why = f"Place {task.place} in the queue. {task.waits_for}" if task.place else ""
        if why and why != told:
            say(why, err=True)
            told = why
        time.sleep(_WAIT_SECONDS)


def _print_log(
    client: Client, task_id: int, *, follow: bool, member: str = "", to_stderr: bool = False
) -> None:
    target = sys.stderr if to_stderr else sys.stdout
    for piece in client.tasks.logs(task_id, follow=follow, member=member):
        target.write(piece)
        target.flush()


def _state(task: Task) -> str:
    if task.stopping:
        return "stopping"
    if task.place:
        return f"queued, place {task.place}"
    if task.state != "failed":
        return task.state
    number = {"exit": task.exit_code, "signal": task.signal}.get(task.reason or "")
    words = {"exit": "exit code"}.get(task.reason or "", (task.reason or "").replace("_", " "))
    return f"failed, {words}" + ("" if number is None else f" {number}")


def _size(task: Task) -> str:
    servers = f" + {task.pservers} PS" if task.pservers else ""
    gpus = f", {task.gpus} GPU" if task.gpus else ""
    return f"{task.trainers}{servers} × {task.cpus} CPU{gpus}"
