"""Rules that hold when two requests come at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from lyceum.common.errors import DomainError
from lyceum.projects import actions, workfolder
from tests.projects.making import make_dataset, make_project, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Each call's result or refusal, all started at the same moment."""
    barrier = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(index: int, call: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[index] = call()
        except DomainError as refusal:
            results[index] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def refusals(results: list[object]) -> list[str]:
    return [result.code for result in results if isinstance(result, DomainError)]


def test_two_requests_can_not_make_three_datasets():
    user = make_user("owner")
    project = make_project(user)
    datasets = [make_dataset(user) for _ in range(6)]
    results = at_once(
        *(
            lambda pk=each.pk: actions.add_dataset(user, project.pk, dataset_id=pk)
            for each in datasets
        )
    )
    assert project.dataset_links.count() == 2
    assert refusals(results) == ["dataset_limit"] * 4


def test_the_same_dataset_twice_at_once_is_there_once():
    user = make_user("owner")
    project = make_project(user)
    dataset = make_dataset(user)
    results = at_once(*[lambda: actions.add_dataset(user, project.pk, dataset_id=dataset.pk)] * 4)
    assert project.dataset_links.count() == 1
    assert refusals(results) == ["dataset_already_there"] * 3


def test_stars_and_forks_of_many_are_all_counted():
    project = make_project(make_user("owner"), visibility="shared")
    users = [make_user(f"user{number}") for number in range(5)]
    at_once(*(lambda user=user: actions.star_project(user, project.pk) for user in users))
    at_once(*[lambda: actions.star_project(users[0], project.pk)] * 3)
    at_once(*(lambda user=user: actions.fork_project(user, project.pk) for user in users))
    project.refresh_from_db()
    assert (project.star_count, project.fork_count) == (5, 5)


def test_versions_saved_at_once_get_numbers_of_their_own():
    user = make_user("owner")
    project = make_project(user)
    home = workfolder.home(project.pk)

    def change_and_save(number: int):
        workfolder.write_file(home, f"{number}.txt", b"x")
        return actions.save_version(user, project.pk, cause="automatic")

    at_once(*(lambda number=number: change_and_save(number) for number in range(4)))
    numbers = list(project.versions.values_list("number", flat=True))
    assert numbers == list(range(len(numbers), 0, -1))
