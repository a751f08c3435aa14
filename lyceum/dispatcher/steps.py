"""Carrying out what the rules decided for one notebook server."""

from __future__ import annotations

from lyceum.dispatcher.activity import last_activity
from lyceum.dispatcher.rules import Decision, Seen, Step
from lyceum.engine import local_engine
from lyceum.notebooks import hubapi, lifecycle
from lyceum.notebooks.models import NotebookServer

Reason = NotebookServer.Reason


def take(server: NotebookServer, seen: Seen, decision: Decision) -> None:
    """Do ``decision`` for ``server``; safe to do again after being cut short."""
    match decision.step:
        case Step.LAUNCH:
            lifecycle.launch(server)
        case Step.EXPLAIN:
            _explain(server)
        case Step.GIVE_UP:
            lifecycle.fail_start(server, Reason.HUB_DOWN, "")
        case Step.READY if seen.hub:
            lifecycle.mark_ready(server, seen.hub.run_id)
        case Step.NOTE_RUN if seen.hub:
            lifecycle.note_run(server, seen.hub.run_id)
        case Step.END:
            lifecycle.begin_stop(server, decision.reason, decision.detail)
        case Step.FINISH:
            lifecycle.finish_stop(server)
        case Step.WARN:
            # The learner may be back since the last look.
            if not look_for_activity(server):
                lifecycle.warn(server)
        case Step.REMOVE:
            hubapi.stop_server(server.user_id, server.project_id)


def look_for_activity(server: NotebookServer) -> bool:
    """Ask a running server when it was last used; whether that is news."""
    try:
        address = local_engine().address(server.run_id)
    except KeyError:
        return False
    moment = last_activity(address, server.user_id, server.project_id) if address else None
    return moment is not None and lifecycle.note_activity(server, moment)


def _explain(server: NotebookServer) -> None:
    """The hub took the start and has nothing to show for it: say why, or ask again."""
    failure = hubapi.spawn_failure(server.user_id, server.project_id)
    if failure is None:
        lifecycle.launch(server)
    else:
        lifecycle.fail_spawn(server, failure)
