"""Telling the dispatcher at once that there is something to do with tasks."""

from __future__ import annotations

from pathlib import Path

from lyceum.common import alarms
from lyceum.config import settings


def _pipe() -> Path:
    return settings().root / "dispatcher.wake"


def dispatcher() -> None:
    """Wake the dispatcher, if one runs on this machine."""
    alarms.ring(_pipe())


class Alarm(alarms.Alarm):
    """The dispatcher's end of the pipe."""

    def __init__(self) -> None:
        super().__init__(_pipe())
