"""When an idle notebook server is warned and stopped (``limits.toml``)."""

from __future__ import annotations

from datetime import datetime, timedelta

from lyceum.limits import limit
from lyceum.notebooks.models import NotebookServer


def warning_time() -> timedelta:
    """How long before its stop an idle server's learner is warned."""
    return timedelta(minutes=limit("notebook_idle_warning_minutes"))


def stop_at(server: NotebookServer) -> datetime | None:
    """When a running server will be stopped if nothing happens on it any more.

    Never before its warning was up for ``notebook_idle_warning_minutes``.
    """
    if server.state != NotebookServer.State.RUNNING or not server.last_activity:
        return None
    due = server.last_activity + timedelta(minutes=limit("notebook_idle_minutes"))
    return max(due, server.warned + warning_time()) if server.warned else due
