"""Each rule, with nothing but its arguments."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lyceum.dispatcher.rules import HUB_PATIENCE, REQUEST_AT_WORK, Seen, Step, decide
from lyceum.engine.base import Status
from lyceum.engine.workload import RunState
from lyceum.notebooks import idle
from lyceum.notebooks.hubapi import HubServer
from lyceum.notebooks.models import NotebookServer

NOW = timezone.now()
LONG = HUB_PATIENCE + timedelta(seconds=1)
A_WHILE = REQUEST_AT_WORK + timedelta(seconds=1)

READY = HubServer(ready=True, pending=None, run_id="r")
SPAWNING = HubServer(ready=False, pending="spawn")
STOPPING = HubServer(ready=False, pending="stop")
ALIVE = Status("r", RunState.RUNNING)


def ended(reason: str) -> Status:
    return Status("r", RunState.FAILED, reason=reason, detail="what happened")


def seen(hub=None, run=None, *, answers: bool = True) -> Seen:
    return Seen(hub_answers=answers, hub=hub, run=run)


def starting(ago=A_WHILE, *, launched=None, stage="launching") -> NotebookServer:
    return NotebookServer(
        state="starting",
        stage=stage,
        requested=NOW - ago,
        launched=None if launched is None else NOW - launched,
    )


def running(idle_minutes: float = 0, warned_minutes: float | None = None) -> NotebookServer:
    return NotebookServer(
        state="running",
        run_id="r",
        last_activity=NOW - timedelta(minutes=idle_minutes),
        warned=None if warned_minutes is None else NOW - timedelta(minutes=warned_minutes),
    )


def step(server: NotebookServer, what: Seen, *, wanted: bool = True) -> Step:
    return decide(server, what, wanted=wanted, now=NOW).step


@pytest.mark.parametrize(
    ("server", "what", "expected"),
    [
        (starting(stage="building"), seen(), Step.BUILD),
        (starting(stage="building", ago=LONG), seen(answers=False), Step.BUILD),
        (starting(timedelta()), seen(), Step.NOTHING),
        (starting(), seen(), Step.LAUNCH),
        (starting(), seen(answers=False), Step.NOTHING),
        (starting(LONG), seen(answers=False), Step.GIVE_UP),
        (starting(LONG, launched=LONG), seen(), Step.GIVE_UP),
        (starting(launched=timedelta()), seen(), Step.NOTHING),
        (starting(launched=A_WHILE), seen(), Step.EXPLAIN),
        (starting(launched=A_WHILE), seen(SPAWNING), Step.NOTHING),
        (starting(LONG, launched=LONG), seen(SPAWNING), Step.NOTHING),
        (starting(launched=A_WHILE), seen(HubServer(False, "spawn", "r")), Step.NOTE_RUN),
        (starting(launched=A_WHILE), seen(READY, ALIVE), Step.READY),
    ],
)
def test_starting(server: NotebookServer, what: Seen, expected: Step):
    assert step(server, what) is expected


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (seen(READY, ended("out_of_memory")), "out_of_memory"),
        (seen(None, ended("exit")), "exit"),
        (seen(answers=False, run=ended("signal")), "signal"),
        (seen(None, ended("stopped")), "hub"),
        (seen(READY, ended("lost")), "lost"),
        (seen(None, ALIVE), "lost"),
        (seen(None, None), "lost"),
        (seen(STOPPING, ALIVE), "hub"),
    ],
)
def test_a_running_server_that_is_gone_ends_with_its_reason(what: Seen, reason: str):
    decision = decide(running(), what, wanted=True, now=NOW)
    assert (decision.step, decision.reason) == (Step.END, reason)


def test_a_hub_that_is_away_ends_nothing():
    assert step(running(), seen(answers=False, run=ALIVE)) is Step.NOTHING


@pytest.mark.parametrize(
    ("idle_minutes", "warned_minutes", "expected"),
    [
        (0, None, Step.NOTHING),
        (54.9, None, Step.NOTHING),
        (55, None, Step.WARN),
        (59, 4, Step.NOTHING),
        (60, 5, Step.END),
        # A dispatcher that was down must not stop anybody without their warning.
        (600, None, Step.WARN),
        (600, 4.9, Step.NOTHING),
        (600, 5, Step.END),
    ],
)
def test_idle_servers_are_warned_then_stopped(
    idle_minutes: float, warned_minutes: float | None, expected: Step
):
    decision = decide(
        running(idle_minutes, warned_minutes), seen(READY, ALIVE), wanted=True, now=NOW
    )
    assert decision.step is expected
    assert decision.reason == ("idle" if expected is Step.END else "")


def test_the_shown_moment_is_the_one_that_is_kept():
    server = running(600, 2)
    assert idle.stop_at(server) == NOW + timedelta(minutes=3)


@pytest.mark.parametrize("server", [starting(), running(), starting(stage="building")])
def test_what_nobody_wants_any_more_ends(server: NotebookServer):
    decision = decide(server, seen(READY, ALIVE), wanted=False, now=NOW)
    assert (decision.step, decision.reason) == (Step.END, "deleted")


def test_stopping_is_finished_and_leftovers_removed():
    assert step(NotebookServer(state="stopping"), seen(READY, ALIVE), wanted=False) is Step.FINISH
    for state in ("stopped", "failed"):
        server = NotebookServer(state=state)
        assert step(server, seen(READY)) is Step.REMOVE
        assert step(server, seen(STOPPING)) is Step.NOTHING
        assert step(server, seen()) is Step.NOTHING
