"""Limits that hold when requests and dispatchers come at once; what counts as used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lyceum.tasks import actions, lifecycle, queries
from lyceum.tasks.models import CpuUse, Task
from lyceum.tasks.queries.waiting import cpu_use
from lyceum.tasks.scheduling import Use, Wait
from tests.support.concurrency import at_once, refusals
from tests.tasks.making import make_cluster, make_task

State = Task.State

pytestmark = pytest.mark.django_db(transaction=True)


def test_submissions_at_once_can_not_pass_the_queue_s_limit(lin, cluster, monkeypatch):
    monkeypatch.setenv("LYCEUM_LIMIT_QUEUED_TASKS_PER_USER", "3")
    other = make_cluster(lin, name="Other")
    results = at_once(
        *(lambda pk=pk: actions.submit_task(lin, pk) for pk in (cluster.pk, other.pk) * 4)
    )
    assert refusals(results) == ["queue_limit"] * 5
    assert Task.objects.filter(state=State.QUEUED).count() == 3


def test_claims_at_once_can_not_pass_the_limit_of_running_tasks(lin, cluster):
    tasks = [make_task(cluster) for _ in range(6)]
    results = at_once(*(lambda pk=task.pk: lifecycle.claim(pk) for task in tasks))
    claimed = [result for result in results if result is not None]
    assert len(claimed) == 2
    assert all((task.state, task.attempt) == (State.STARTING, 1) for task in claimed)
    assert Task.objects.filter(state=State.QUEUED).count() == 4


def test_one_task_is_claimed_once(lin, cluster):
    task = make_task(cluster)
    results = at_once(*[lambda: lifecycle.claim(task.pk)] * 4)
    assert sum(result is not None for result in results) == 1
    task.refresh_from_db()
    assert task.attempt == 1


def test_a_stop_and_a_claim_at_once_agree(lin, cluster):
    task = make_task(cluster)
    at_once(lambda: actions.stop_task(lin, task.pk), lambda: lifecycle.claim(task.pk))
    task.refresh_from_db()
    assert task.stop_requested
    assert (task.state, task.attempt) in [(State.STOPPED, 0), (State.STARTING, 1)]


def test_cpu_seconds_told_at_once_count_once(lin, cluster):
    task = make_task(cluster, state=State.RUNNING, attempt=1)
    at_once(
        *[lambda: lifecycle.count_use(task, cpu_seconds=10.0, peak_memory=5)] * 4,
        lambda: lifecycle.count_use(task, cpu_seconds=4.0, peak_memory=7),
    )
    task.refresh_from_db()
    assert (task.cpu_seconds, task.peak_memory) == (10.0, 7)
    assert CpuUse.objects.get().seconds == 10.0


def test_a_new_attempt_s_seconds_come_on_top(lin, cluster):
    task = make_task(cluster, state=State.RUNNING, attempt=1)
    lifecycle.count_use(task, cpu_seconds=10.0, peak_memory=0)
    lifecycle.queue_again(task, "node-2 was lost")
    again = lifecycle.claim(task.pk)
    lifecycle.count_use(again, cpu_seconds=3.0, peak_memory=0)
    lifecycle.count_use(task, cpu_seconds=99.0, peak_memory=0)  # of an attempt that is over
    again.refresh_from_db()
    assert (again.attempt, again.cpu_seconds) == (2, 13.0)
    assert CpuUse.objects.get().seconds == 13.0


def test_use_of_today_and_lately(lin, amy, cluster):
    today = timezone.now().date()
    for user, days, seconds in ((lin, 0, 1.0), (lin, 1, 10.0), (lin, 2, 100.0), (amy, 1, 5.0)):
        day = today - timedelta(days=days)
        CpuUse.objects.create(user=user, day=day, seconds=seconds)
    assert cpu_use([lin.pk, amy.pk]) == {
        lin.pk: Use(today=1.0, lately=11.0),
        amy.pk: Use(today=0.0, lately=5.0),
    }


def test_the_place_says_how_many_come_before_and_why_it_waits(lin, amy, cluster):
    theirs = make_cluster(amy)
    first, second = make_task(cluster), make_task(cluster)
    third = make_task(theirs)
    found = queries.queue_places([first, second, third])
    assert [found[task.pk].number for task in (first, second, third)] == [1, 3, 2]
    assert found[first.pk].sentence == "It starts next."
    assert found[second.pk].sentence == "2 tasks come before it."
    for why in Wait:
        lifecycle.note_wait(first.pk, why, 0.5)
        first.refresh_from_db()
        place = queries.queue_place(first)
        assert (place.why, place.number) == (why, 1)
        assert place.sentence
