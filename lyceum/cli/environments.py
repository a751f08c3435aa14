"""Building environments with a bar for each, and saying why one can't be had."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from lyceum import environments
from lyceum.cli.problems import ExitCode, Problem

STEPS = {
    "waiting": "another process builds it",
    "creating": "creating",
    "installing": "installing packages",
    "finishing": "finishing",
    "ready": "ready",
}


def build_first_environments(console: Console) -> None:
    """Have what the first notebook needs: the server's environment and the default one.

    The others are built when a project first uses them. Raises ``Problem``.
    """
    first = (environments.SERVER, environments.definitions()[0].name)
    missing = [name for name in first if not environments.availability(name).built]
    if missing:
        build(console, missing)


def build(console: Console, names: list[str]) -> None:
    """Build the environments one after the other.

    Raises ``Problem`` for the first that is unknown, unavailable or fails.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[step]}"),
    )
    with Progress(*columns, console=console) as bars:
        for name in names:
            _build_one(bars, name)


def _build_one(bars: Progress, name: str) -> None:
    bar = bars.add_task(f"Environment {name}", total=1.0, step="")

    def show(progress: environments.Progress) -> None:
        bars.update(bar, completed=progress.fraction, step=STEPS[progress.step])

    try:
        environments.build(name, show)
    except environments.EnvironmentUnavailable as error:
        raise Problem(
            ExitCode.INTERPRETER_MISSING,
            f"The environment {name} can't be had here: {why_unavailable(error.reason)}",
        ) from None
    except environments.BuildError as error:
        raise Problem(
            ExitCode.ENVIRONMENT_BUILD_FAILED, f"The environment {name} was not built: {error}"
        ) from None


def why_unavailable(reason: environments.Reason) -> str:
    """A sentence for the operator, with the command that helps where one does."""
    sentence = {
        "no_interpreter": "Python {interpreter} is not on this machine.",
        "narrow_unicode": "Python {interpreter} at {executable} was built with narrow Unicode.",
        "machine": "it has packages for {machines} only; this machine is {machine}.",
    }[reason.code].format(**reason.params)
    return f"{sentence} To have it: {reason.fix}" if reason.fix else sentence
