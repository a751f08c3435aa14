"""The progress bar of an upload or a download."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

if TYPE_CHECKING:
    from lyceum.sdk.progress import Callback, Progress


@contextmanager
def shown(verb: str) -> Iterator[Callback]:
    """A bar on standard error, which is for people; gone from pipes and at the end."""
    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )
    with bar:
        task = bar.add_task(verb, total=None)
        resumed = 0

        def tell(progress: Progress) -> None:
            nonlocal resumed
            if progress.resumed != resumed:
                # What was there before must not count as speed.
                bar.reset(task, total=progress.total, completed=progress.done)
                resumed = progress.resumed
            bar.update(
                task,
                total=progress.total,
                completed=progress.done,
                description=_description(verb, progress),
            )

        yield tell


def _description(verb: str, progress: Progress) -> str:
    if progress.waiting:
        return "Connection lost, trying again"
    name = Text(progress.path)
    name.truncate(30, overflow="ellipsis")
    return f"{verb} {min(progress.files_done + 1, progress.files)}/{progress.files} {name.plain}"
