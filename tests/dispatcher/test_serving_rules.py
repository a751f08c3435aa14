"""What follows from which sight of a service: one case a rule, no clock, no process."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lyceum.dispatcher.serving_rules import (
    DEATHS_SECONDS,
    Change,
    Kind,
    Line,
    Plan,
    Run,
    SeenReplica,
    SeenService,
    decide,
    pause,
)
from lyceum.serving.models import Replica, Service

State, Reason = Service.State, Service.Reason
STARTING, READY, STOPPING = Replica.State.STARTING, Replica.State.READY, Replica.State.STOPPING

OLD, NEW = 1, 2
ANSWERS = Line(connected=True, ready=True)
DEPLOYING = SeenService(State.DEPLOYING, revision=NEW)
RUNNING = SeenService(State.RUNNING, revision=NEW, active=NEW)
SWITCHING = SeenService(State.DEPLOYING, revision=NEW, active=OLD)


def starting(uid: str = "a", revision: int = NEW, **seen) -> SeenReplica:
    return SeenReplica(uid, revision, **{"line": Line(connected=True), **seen})


def ready(uid: str = "a", revision: int = NEW, **seen) -> SeenReplica:
    return SeenReplica(uid, revision, READY, **{"line": ANSWERS, "age": 50.0, **seen})


def gone(uid: str = "a", revision: int = NEW, ending: str = "exit", **seen) -> SeenReplica:
    line = Line()
    return SeenReplica(uid, revision, READY, Run.ENDED, ending=ending, line=line, **seen)


def going(uid: str = "a", **seen) -> SeenReplica:
    return SeenReplica(uid, NEW, STOPPING, **{"line": ANSWERS, **seen})


# Deploying


def test_a_new_service_gets_its_replicas():
    assert decide(replace(DEPLOYING, least=2, most=2), []) == Plan(add=(NEW, NEW))


def test_a_replica_that_has_only_a_row_is_launched():
    seen = starting(run=Run.NONE, line=None)
    assert decide(DEPLOYING, [seen]) == Plan(launch=("a",))


def test_a_replica_that_loads_is_waited_for():
    assert decide(DEPLOYING, [starting(age=200)]) == Plan()
    assert decide(DEPLOYING, [starting(age=200, line=None)]) == Plan()


def test_calls_go_to_it_once_all_its_replicas_answer():
    two = replace(DEPLOYING, least=2, most=2)
    first = starting("a", line=ANSWERS)
    assert decide(two, [first, starting("b")]) == Plan(ready=("a",))
    both = decide(two, [ready("a"), starting("b", line=ANSWERS)])
    assert both == Plan(Change(Kind.ACTIVATE), ready=("b",))


def test_it_is_said_to_run_once_the_gateway_knows():
    active = replace(DEPLOYING, active=NEW)
    assert decide(replace(active, gateway_knows=False), [ready()]) == Plan()
    assert decide(active, [ready()]) == Plan(Change(Kind.RUN))
    assert decide(active, [gone()]).add == (NEW,)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (gone(ending="exit"), Reason.LOAD),
        (gone(ending="signal"), Reason.SIGNAL),
        (gone(ending="out_of_memory"), Reason.MEMORY),
        (gone(ending="not_started"), Reason.NOT_STARTED),
        (starting(line=Line(connected=True, failed="no such file")), Reason.LOAD),
        (starting(age=400), Reason.TIME),
    ],
)
def test_a_start_that_fails_says_why(seen, reason):
    change = decide(DEPLOYING, [seen]).change
    assert change is not None and (change.kind, change.reason) == (Kind.FAIL, reason)
    assert change.replica == "a"


def test_what_the_loader_said_is_passed_on():
    seen = replace(gone(), line=Line(failed="no such file"))
    change = decide(DEPLOYING, [seen]).change
    assert change == Change(Kind.FAIL, Reason.LOAD, "no such file", replica="a")


@pytest.mark.parametrize("ending", ["lost", "stopped"])
def test_a_start_cut_short_by_the_machine_is_begun_anew(ending):
    plan = decide(DEPLOYING, [gone(ending=ending)])
    assert plan == Plan(add=(NEW,), drop=("a",), died=("a",))


# Blue and green


def test_the_old_revision_serves_until_the_new_one_is_ready():
    old = ready("old", OLD)
    assert decide(SWITCHING, [old]) == Plan(add=(NEW,))
    assert decide(SWITCHING, [old, starting("new")]) == Plan()
    ready_now = decide(SWITCHING, [old, starting("new", line=ANSWERS)])
    assert ready_now == Plan(Change(Kind.ACTIVATE), ready=("new",))
    assert decide(RUNNING, [old, ready("new")]) == Plan(retire=("old",))


def test_a_switch_keeps_as_many_replicas_as_serve():
    scaled = replace(SWITCHING, least=1, most=4)
    old = [ready(uid, OLD) for uid in "abc"]
    assert decide(scaled, old).add == (NEW, NEW, NEW)


def test_a_new_revision_that_fails_leaves_the_old_one_serving():
    plan = decide(SWITCHING, [ready("old", OLD), gone("new", detail="it ended")])
    assert plan.change == Change(Kind.KEEP_OLD, Reason.LOAD, "it ended", replica="new")
    assert not plan.retire


def test_an_old_replica_that_dies_during_a_switch_is_replaced():
    plan = decide(SWITCHING, [gone("old", OLD), starting("new")])
    assert plan == Plan(add=(OLD,), drop=("old",), died=("old",))


def test_a_third_revision_is_put_away():
    plan = decide(SWITCHING, [ready("old", OLD), starting("new"), starting("other", 3)])
    assert plan == Plan(retire=("other",))


# Running


def test_nothing_is_to_be_done_for_a_service_that_answers():
    plan = decide(RUNNING, [ready()])
    assert plan == Plan() and not plan.has_steps


def test_a_replica_that_is_gone_is_replaced_at_once():
    assert decide(RUNNING, [gone()]) == Plan(add=(NEW,), drop=("a",), died=("a",))


def test_each_further_death_is_answered_later():
    twice = replace(RUNNING, deaths=2, since_death=0.5)
    assert decide(twice, []) == Plan()
    assert decide(replace(twice, since_death=pause(2)), []) == Plan(add=(NEW,))
    assert [pause(deaths) for deaths in range(7)] == [0, 0, 2, 5, 10, 60, 60]


def test_five_deaths_are_enough():
    plan = decide(replace(RUNNING, deaths=4, since_death=20), [gone()])
    assert plan.change == Change(Kind.FAIL, Reason.CRASHES, replica="a")
    memory = decide(replace(RUNNING, deaths=4), [gone(ending="out_of_memory")])
    assert memory.change.reason == Reason.MEMORY


def test_a_service_does_not_fail_while_another_replica_answers():
    two = replace(RUNNING, least=2, most=2, deaths=7)
    assert decide(two, [gone("a"), ready("b")]) == Plan(drop=("a",), died=("a",))


def test_a_model_that_no_longer_loads_is_stopped_and_counted():
    broken = ready(line=Line(connected=True, failed="bad file"))
    assert decide(RUNNING, [broken]) == Plan(add=(NEW,), retire=("a",), died=("a",))


def test_a_replica_is_given_time_to_come_back():
    away = ready(line=Line(connected=False))
    assert decide(RUNNING, [replace(away, unheard=100)]) == Plan()
    assert decide(RUNNING, [replace(away, unheard=130)]).retire == ("a",)


def test_a_gateway_that_is_away_condemns_nobody():
    away = replace(RUNNING, gateway_answers=False)
    assert decide(away, [ready(line=None, unheard=0)]) == Plan()
    assert decide(replace(DEPLOYING, gateway_answers=False), [starting(line=None)]) == Plan()


def test_an_idle_service_is_paused():
    plan = decide(replace(RUNNING, idle=True), [ready()])
    assert plan == Plan(Change(Kind.PAUSE, Reason.IDLE))


# Scaling


def test_a_queue_brings_another_replica_and_calm_takes_it_away():
    scaled = replace(RUNNING, most=2)
    one, two = [ready("a")], [ready("a"), ready("b", age=10)]
    assert decide(replace(scaled, busy=1), one) == Plan()
    assert decide(replace(scaled, busy=4), one) == Plan(add=(NEW,))
    assert decide(replace(scaled, busy=4), [*one, starting("b")]) == Plan()
    assert decide(replace(scaled, busy=4), two) == Plan()
    assert decide(replace(scaled, quiet=61), two) == Plan(retire=("b",))
    assert decide(replace(scaled, quiet=61), one) == Plan()


def test_changed_bounds_are_followed():
    assert decide(replace(RUNNING, least=2, most=2), [ready()]) == Plan(add=(NEW,))
    three = [ready("a", age=3), ready("b", age=2), ready("c", age=1)]
    assert decide(replace(RUNNING, most=1), three).retire == ("c", "b")


# Ending


@pytest.mark.parametrize("state", [State.PAUSED, State.STOPPED, State.FAILED])
def test_what_is_not_to_run_is_put_away(state):
    seen = SeenService(state, revision=NEW)
    assert decide(seen, [ready("a"), starting("b")]) == Plan(retire=("a", "b"))


def test_a_replica_that_goes_is_stopped_once_nothing_is_under_way():
    stopped = SeenService(State.STOPPED, revision=NEW)
    assert decide(stopped, [going(drained=0.5)]) == Plan()
    plan = decide(stopped, [going(drained=1.0)])
    assert plan == Plan(end=("a",)) and not plan.has_steps
    assert decide(stopped, [going(stopping=91)]) == Plan(end=("a",))
    assert decide(stopped, [replace(going(), run=Run.ENDED)]) == Plan(drop=("a",))


def test_without_a_gateway_it_is_stopped_later():
    silent = SeenService(State.STOPPED, revision=NEW, gateway_answers=False)
    assert decide(silent, [going(line=None, drained=5)]) == Plan()
    assert decide(silent, [going(line=None, drained=10)]) == Plan(end=("a",))


def test_a_call_wakes_a_paused_service_only():
    for state in State:
        seen = SeenService(state, revision=NEW, woken=True)
        change = decide(seen, []).change
        assert (change == Change(Kind.WAKE)) == (state == State.PAUSED)
    unwanted = SeenService(State.PAUSED, revision=NEW, woken=True, wanted=False)
    assert decide(unwanted, []) == Plan()


def test_the_service_of_a_deleted_project_is_stopped():
    for seen in (DEPLOYING, RUNNING, SWITCHING):
        plan = decide(replace(seen, wanted=False), [ready()])
        assert plan == Plan(Change(Kind.STOP, Reason.DELETED))


def test_a_long_past_death_delays_nothing():
    assert replace(RUNNING).since_death == DEATHS_SECONDS
    assert decide(RUNNING, []) == Plan(add=(NEW,))
