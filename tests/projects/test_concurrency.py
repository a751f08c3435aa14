"""Rules that hold when two requests come at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from lyceum.datasets.models import Dataset
from lyceum.projects import actions, workfolder
from tests.projects.making import make_dataset, make_project, make_user
from tests.support.concurrency import at_once, refusals

pytestmark = pytest.mark.django_db(transaction=True)


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
    linked = set(project.dataset_links.values_list("dataset_id", flat=True))
    counts = Dataset.objects.values_list("pk", "project_count")
    assert dict(counts) == {each.pk: int(each.pk in linked) for each in datasets}


def test_projects_that_take_and_leave_a_dataset_at_once_are_all_counted():
    user = make_user("owner")
    dataset, second = make_dataset(user), make_dataset(user)
    takers = [make_project(user) for _ in range(4)]
    leavers = [make_project(user, dataset_ids=[second.pk, dataset.pk]) for _ in range(2)]
    shared = make_project(user, dataset_ids=[dataset.pk, second.pk], visibility="shared")
    results = at_once(
        *(
            lambda pk=each.pk: actions.add_dataset(user, pk, dataset_id=dataset.pk)
            for each in takers
        ),
        *(
            lambda pk=each.pk: actions.remove_dataset(user, pk, dataset_id=dataset.pk)
            for each in leavers
        ),
        lambda: actions.fork_project(user, shared.pk),
        lambda: actions.remove_dataset(user, shared.pk, dataset_id=second.pk),
    )
    assert refusals(results) == []
    for each in (dataset, second):
        each.refresh_from_db()
        assert each.project_count == each.project_links.count()


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
