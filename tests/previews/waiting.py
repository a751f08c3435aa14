"""Waiting for work that other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(ready: Callable[[], object], seconds: float = 60) -> None:
    """Ask ``ready`` until it says yes; fails when ``seconds`` are over."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it did not become ready"
        time.sleep(0.1)
