"""Who starts next and why the others wait: fairness, order, gangs, limits."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyceum.engine.base import Capacity
from lyceum.tasks.scheduling import Demand, Rules, Use, Wait, places, plan

GB = 1 << 30
RULES = Rules(running_per_user=2, cpu_seconds_per_day=3600.0, shares_cpus=False)
FOUR = Capacity(cpus=4, memory_bytes=8 * GB)


def demand(task_id: int, user_id: int = 1, cpus: float = 1, **fields) -> Demand:
    return Demand(task_id, user_id, cpus, **{"memory_bytes": GB, **fields})


def planned(queued, running=(), *, capacity=FOUR, rules=RULES, use=None, unready=()):
    return plan(queued, running, capacity=capacity, rules=rules, use=use or {}, unready=unready)


def test_the_oldest_of_each_user_starts():
    decision = planned([demand(1), demand(2), demand(3, user_id=2)])
    assert decision.start == [1, 3]
    assert decision.waiting == {2: Wait.TURN}


def test_who_uses_fewer_cores_comes_first_then_who_was_given_less_lately():
    running = [demand(1, user_id=1, cpus=2), demand(2, user_id=2), demand(3, user_id=3)]
    queued = [demand(4, user_id=1), demand(5, user_id=2), demand(6, user_id=3)]
    use = {2: Use(lately=100.0), 3: Use(lately=10.0)}
    five = Capacity(cpus=5, memory_bytes=8 * GB)
    decision = planned(queued, running, capacity=five, use=use)
    assert decision.start == [6]
    numbers = places(queued, running, use)
    assert [numbers[task] for task in (4, 5, 6)] == [3, 2, 1]


def test_of_equals_the_oldest_comes_first():
    one = Capacity(cpus=1, memory_bytes=8 * GB)
    assert planned([demand(7, user_id=2), demand(8, user_id=1)], capacity=one).start == [7]


@pytest.mark.parametrize(
    ("queued", "running", "use", "why"),
    [
        (demand(3), [demand(1), demand(2)], {}, Wait.OWN_TASKS),
        (demand(3), [], {1: Use(today=3600.0)}, Wait.CPU_HOURS),
        (demand(3, cpus=2), [demand(1, user_id=2, cpus=3)], {}, Wait.CAPACITY),
        (demand(3, memory_bytes=8 * GB), [demand(1, user_id=2)], {}, Wait.CAPACITY),
        (demand(3, cpus=5), [], {}, Wait.TOO_LARGE),
        (demand(3, memory_bytes=9 * GB), [], {}, Wait.TOO_LARGE),
        (demand(3, gpus=1), [], {}, Wait.TOO_LARGE),
    ],
)
def test_why_a_task_waits(queued, running, use, why):
    assert planned([queued], running, use=use).waiting == {3: why}


def test_it_waits_for_its_environment_and_for_an_engine_that_is_silent():
    assert planned([demand(1)], unready=[1]).waiting == {1: Wait.ENVIRONMENT}
    assert planned([demand(1)], capacity=None).waiting == {1: Wait.ENGINE}


def test_a_gang_with_more_members_than_cores_gets_one_machine_for_itself():
    shared = Rules(running_per_user=2, cpu_seconds_per_day=3600.0, shares_cpus=True)
    large = demand(1, cpus=12)
    assert planned([large], rules=shared).start == [1]
    assert planned([demand(2, user_id=2)], [large], rules=shared).waiting == {2: Wait.CAPACITY}
    assert planned([large], [demand(2, user_id=2)], rules=shared).waiting == {1: Wait.CAPACITY}


def test_smaller_tasks_pass_a_large_gang_but_not_for_ever():
    running = [demand(1, user_id=2, cpus=2)]
    small = demand(3, user_id=3)
    patient = planned([demand(2, cpus=4, blocked=10.0), small], running)
    assert (patient.start, patient.waiting) == ([3], {2: Wait.CAPACITY})
    overdue = planned([demand(2, cpus=4, blocked=301.0), small], running)
    assert (overdue.start, overdue.waiting) == ([], {2: Wait.CAPACITY, 3: Wait.TURN})


def test_an_overdue_gang_comes_before_users_with_less():
    mine = demand(1, user_id=1)
    gang = demand(2, user_id=1, cpus=3, blocked=400.0)
    other = demand(3, user_id=2, cpus=2)
    assert planned([gang, other], [mine]).start == [2]


def test_a_gang_that_never_fits_keeps_nobody_waiting():
    decision = planned([demand(1, cpus=5, blocked=1000.0), demand(2, user_id=2)])
    assert decision.start == [2]


def test_places_take_turns_between_users():
    queued = [demand(task, user_id=1) for task in (1, 2, 3)]
    queued += [demand(task, user_id=2) for task in (4, 5, 6)]
    found = places(queued, [], {})
    assert sorted(found, key=found.get) == [1, 4, 2, 5, 3, 6]


SIZES = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.floats(0, 600))


@given(queued=st.lists(SIZES, max_size=12), running=st.lists(SIZES, max_size=4))
def test_whatever_waits_nothing_is_overbooked_and_everybody_is_told(queued, running):
    def demands(sizes, first):
        return [
            demand(first + index, user, cpus, memory_bytes=gigabytes * GB, blocked=blocked)
            for index, (user, cpus, gigabytes, blocked) in enumerate(sizes)
        ]

    waiting, started = demands(queued, 100), []
    for each in demands(running, 1):
        if sum(other.cpus for other in started) + each.cpus <= 4:
            started.append(each)
    decision = planned(waiting, started)
    own = {each.task_id: each for each in waiting}
    after = started + [own[task] for task in decision.start]
    if decision.start:
        assert sum(each.cpus for each in after) <= FOUR.cpus
        assert sum(each.memory_bytes for each in after) <= FOUR.memory_bytes
    assert set(decision.start) | set(decision.waiting) == set(own)
    assert not set(decision.start) & set(decision.waiting)
    counts = Counter(each.user_id for each in after)
    for task in decision.start:
        assert counts[own[task].user_id] <= RULES.running_per_user
        older = [
            each.task_id for each in waiting
            if each.user_id == own[task].user_id and each.task_id < task
        ]  # fmt: skip
        assert not older
    assert sorted(places(waiting, started, {}).values()) == list(range(1, len(waiting) + 1))


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 30)), min_size=1))
def test_every_task_starts_some_time(sizes):
    """A queue of gangs of any size is worked off, whoever they belong to."""
    queued = [
        demand(number, user, cpus) for number, (user, cpus, _seconds) in enumerate(sizes, start=1)
    ]
    lengths = {number: seconds for number, (_u, _c, seconds) in enumerate(sizes, start=1)}
    running: dict[int, tuple[Demand, int]] = {}
    for now in range(40 * len(sizes)):
        running = {pk: pair for pk, pair in running.items() if pair[1] > now}
        decision = planned(queued, [pair[0] for pair in running.values()])
        for task in decision.start:
            chosen = next(each for each in queued if each.task_id == task)
            queued.remove(chosen)
            running[task] = (chosen, now + lengths[task])
        if not queued:
            return
    raise AssertionError(queued)
