"""What each action does, and what it refuses."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from lyceum import environments
from lyceum.common.errors import Conflict, DomainError, Forbidden, NotFound
from lyceum.projects import actions, queries, versions, workfolder
from lyceum.projects.models import Project, Version
from tests.projects.making import make_dataset, make_project


def test_creating_makes_a_notebook_with_the_projects_id_and_a_first_version(owner):
    project = make_project(owner, tags=["Regression", "regression", " house "])
    notebook = json.loads((workfolder.home(project.pk) / f"{project.pk}.ipynb").read_text())
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert project.framework == "sklearn"
    assert sorted(project.tags.values_list("name", flat=True)) == ["house", "regression"]
    version = queries.latest_version(project)
    assert (version.number, version.cause) == (1, Version.Cause.CREATE)
    assert queries.get_project(owner, project.pk) == project


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"name": "  "}, "required", "name"),
        ({"name": "x" * 101}, "too_long", "name"),
        ({"name": "a\0b"}, "not_text", "name"),
        ({"name": "\ud800"}, "not_text", "name"),
        ({"description": "x" * 5001}, "too_long", "description"),
        ({"environment": "no-such"}, "no_such_environment", "environment"),
        ({"environment": "notebook-server"}, "no_such_environment", "environment"),
        ({"kind": "other"}, "no_such_kind", "kind"),
        ({"resource": "other"}, "no_such_resource", "resource"),
        ({"visibility": "other"}, "no_such_visibility", "visibility"),
        ({"tags": [f"t{n}" for n in range(9)]}, "too_many_tags", "tags"),
        ({"dataset_ids": [1, 2, 3]}, "dataset_limit", "datasets"),
        ({"dataset_ids": [404]}, "no_such_dataset", "datasets"),
    ],
)
def test_creating_refuses_what_is_wrong_and_says_where(owner, fields, code, field):
    with pytest.raises(DomainError) as refusal:
        make_project(owner, **fields)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not Project.objects.exists()


def test_a_project_whose_files_can_not_be_written_is_not_there(owner):
    with pytest.raises(NotFound):
        make_project(owner, files={"../outside": b"x"})
    assert not Project.objects.exists()
    assert not list(workfolder.project_folder(1).parent.glob("*/home"))


@pytest.mark.parametrize(
    ("environment", "way"),
    [
        ("fluid-py27", b"DistributeTranspiler"),
        ("fluid-py37", b"DistributeTranspiler"),
        ("paddle3-py311", b"init_parallel_env"),
        ("torch-py311", b"DistributedDataParallel"),
        ("sklearn-py311", b"partial_fit"),
    ],
)
def test_a_cluster_project_starts_with_sample_code(owner, environment, way):
    if not environments.availability(environment).available:
        pytest.skip(f"{environment} can't be had here")
    project = make_project(owner, kind="cluster", environment=environment)
    root = workfolder.home(project.pk)
    assert [entry.path for entry in workfolder.walk(root)] == ["train.py"]
    assert project.main_file == "train.py"
    assert way in workfolder.read_file(root, "train.py", limit=10_000)
    assert queries.latest_version(project).cause == "create"


def test_files_of_its_own_stand_in_place_of_the_sample_and_are_forked_with_it(owner):
    files = {"code/run.py": b"print(1)"}
    project = make_project(owner, kind="cluster", files=files, main_file="code/run.py")
    fork = actions.fork_project(owner, project.pk)
    assert [entry.path for entry in workfolder.walk(workfolder.home(fork.pk))] == ["code/run.py"]
    assert fork.main_file == project.main_file == "code/run.py"


def test_a_notebook_project_has_no_main_file(owner):
    assert make_project(owner).main_file == ""


def test_editing_changes_what_is_given_and_what_it_is_found_by(owner, project):
    actions.edit_project(owner, project.pk, name="房价预测", tags=["回归"])
    project.refresh_from_db()
    assert (project.name, project.description) == ("房价预测", "")
    found = queries.hall_page(owner, queries.HallFilter(tab=queries.Tab.MINE, words="房价 回归"))
    assert [each.pk for each in found.items] == [project.pk]


@pytest.mark.parametrize(
    "write",
    [
        lambda user, pk: actions.edit_project(user, pk, name="x"),
        lambda user, pk: actions.set_cover(user, pk, image=None),
        lambda user, pk: actions.save_version(user, pk),
        lambda user, pk: actions.restore_version(user, pk, number=1),
        lambda user, pk: actions.add_dataset(user, pk, dataset_id=1),
        lambda user, pk: actions.remove_dataset(user, pk, dataset_id=1),
        lambda user, pk: actions.delete_project(user, pk, typed_name="Shared one"),
    ],
)
def test_only_the_owner_writes(other, shared, write):
    with pytest.raises(Forbidden):
        write(other, shared.pk)


def test_nobody_else_sees_a_private_or_a_trashed_project(owner, other, project, shared):
    actions.delete_project(owner, shared.pk, typed_name="Shared one")
    for project_id in (project.pk, shared.pk):
        for write in (actions.fork_project, actions.star_project, actions.unstar_project):
            with pytest.raises(NotFound):
                write(other, project_id)
    with pytest.raises(NotFound):
        actions.restore_project(other, shared.pk)


def test_a_cover_is_written_anew_and_the_old_one_goes(owner, project):
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(picture, "PNG")
    picture.write(b"<script>")
    picture.seek(0)
    project = actions.set_cover(owner, project.pk, image=picture)
    first = project.cover
    with Image.open(first.path) as stored:
        assert (stored.format, stored.size) == ("WEBP", (960, 540))
    assert actions.set_cover(owner, project.pk, image=None).cover == ""
    assert not first.storage.exists(first.name)


@pytest.mark.parametrize(
    "data", [b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_a_cover_must_be_a_picture(owner, project, data):
    with pytest.raises(DomainError) as refusal:
        actions.set_cover(owner, project.pk, image=io.BytesIO(data))
    assert refusal.value.code == "not_a_picture"


def test_a_cover_of_absurd_dimensions_is_not_decoded(owner, project):
    picture = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(picture, "PNG")
    picture.seek(0)
    with pytest.raises(DomainError):
        actions.set_cover(owner, project.pk, image=picture)


def test_saving_numbers_versions_and_says_when_nothing_changed(owner, project):
    workfolder.write_file(workfolder.home(project.pk), "a.txt", b"1")
    version = actions.save_version(owner, project.pk, note="  first\nline ")
    assert (version.number, version.note) == (2, "first line")
    with pytest.raises(Conflict) as refusal:
        actions.save_version(owner, project.pk)
    assert refusal.value.message == "Nothing has changed since version 2."
    again = actions.save_version(owner, project.pk, cause=Version.Cause.AUTOMATIC)
    assert again == version


def test_restoring_saves_the_present_state_first(owner, project):
    home = workfolder.home(project.pk)
    workfolder.write_file(home, "a.txt", b"1")
    actions.save_version(owner, project.pk)
    workfolder.write_file(home, "a.txt", b"2")
    restored = actions.restore_version(owner, project.pk, number=2)
    assert (home / "a.txt").read_bytes() == b"1"
    causes = list(project.versions.values_list("number", "cause"))
    assert causes == [(4, "restored"), (3, "restore"), (2, "manual"), (1, "create")]
    assert versions.read_file(project.pk, project.versions.get(number=3).commit, "a.txt") == b"2"
    assert restored.number == 4
    with pytest.raises(Conflict):
        actions.restore_version(owner, project.pk, number=2)


def test_forking_carries_files_tags_and_shared_datasets_but_no_private_ones(owner, other):
    seen, hidden = make_dataset(owner), make_dataset(owner, visibility="private")
    original = make_project(
        owner, visibility="shared", tags=["a"], dataset_ids=[seen.pk, hidden.pk]
    )
    workfolder.write_file(workfolder.home(original.pk), "unsaved.txt", b"x")
    fork = actions.fork_project(other, original.pk)
    names = {entry.path for entry in workfolder.walk(workfolder.home(fork.pk))}
    assert names == {f"{fork.pk}.ipynb"}
    assert (fork.owner, fork.visibility) == (other, "private")
    assert (fork.forked_from, fork.forked_version) == (original, 1)
    assert [link.dataset for link in queries.dataset_links(fork)] == [seen]
    assert list(fork.tags.values_list("name", flat=True)) == ["a"]
    assert queries.latest_version(fork).cause == Version.Cause.FORK
    original.refresh_from_db()
    assert original.fork_count == 1


def test_forking_from_an_older_version(owner, shared, other):
    workfolder.write_file(workfolder.home(shared.pk), "later.txt", b"x")
    actions.save_version(owner, shared.pk)
    old = actions.fork_project(other, shared.pk, number=1)
    new = actions.fork_project(other, shared.pk)
    assert not (workfolder.home(old.pk) / "later.txt").exists()
    assert (workfolder.home(new.pk) / "later.txt").exists()
    with pytest.raises(NotFound):
        actions.fork_project(other, shared.pk, number=3)


def test_the_fork_record_names_private_forks_but_does_not_open_them(owner, other, shared):
    actions.fork_project(other, shared.pk)
    (record,) = queries.forks_page(owner, shared).items
    assert (record.owner, record.is_open) == (other, False)
    (record,) = queries.forks_page(other, shared).items
    assert record.is_open


def test_a_star_counts_once(other, shared):
    for _again in range(2):
        assert actions.star_project(other, shared.pk).star_count == 1
    assert queries.has_starred(other, shared)
    for _again in range(2):
        assert actions.unstar_project(other, shared.pk).star_count == 0


def test_two_datasets_and_a_clear_sentence_for_the_third(owner, project):
    first, second, third = (make_dataset(owner) for _ in range(3))
    actions.add_dataset(owner, project.pk, dataset_id=first.pk)
    with pytest.raises(Conflict) as refusal:
        actions.add_dataset(owner, project.pk, dataset_id=first.pk)
    assert refusal.value.code == "dataset_already_there"
    assert actions.add_dataset(owner, project.pk, dataset_id=second.pk).position == 2
    with pytest.raises(Conflict) as refusal:
        actions.add_dataset(owner, project.pk, dataset_id=third.pk)
    assert refusal.value.message == (
        "A project has at most 2 datasets. Remove one before you add another."
    )
    actions.remove_dataset(owner, project.pk, dataset_id=first.pk)
    assert actions.add_dataset(owner, project.pk, dataset_id=third.pk).position == 1
    with pytest.raises(NotFound):
        actions.remove_dataset(owner, project.pk, dataset_id=first.pk)


def test_another_learners_private_dataset_is_not_there(owner, other, project):
    hidden = make_dataset(other, visibility="private")
    with pytest.raises(NotFound):
        actions.add_dataset(owner, project.pk, dataset_id=hidden.pk)


def test_deleting_needs_the_name_and_can_be_taken_back(owner, project):
    workfolder.write_file(workfolder.home(project.pk), "unsaved.txt", b"x")
    with pytest.raises(DomainError) as refusal:
        actions.delete_project(owner, project.pk, typed_name="house prices")
    assert refusal.value.field == "typed_name"
    actions.delete_project(owner, project.pk, typed_name=" House  prices ")
    with pytest.raises(NotFound):
        queries.get_project(owner, project.pk)
    assert list(queries.trash_of(owner)) == [project]
    assert queries.latest_version(project).number == 2
    actions.restore_project(owner, project.pk)
    assert queries.get_project(owner, project.pk) == project


def test_the_trash_is_emptied_after_thirty_days(owner, project, shared):
    actions.delete_project(owner, project.pk, typed_name=project.name)
    assert actions.purge_trash(now=timezone.now() + timedelta(days=29)) == 0
    assert actions.purge_trash(now=timezone.now() + timedelta(days=31)) == 1
    assert list(Project.objects.all()) == [shared]
    assert not workfolder.project_folder(project.pk).exists()


def test_two_official_projects_can_not_share_a_slug(owner, project, shared):
    actions.publish_official(project.pk, slug="house-prices", name_en="House prices")
    with pytest.raises(Conflict):
        actions.publish_official(shared.pk, slug="house-prices")
    project.refresh_from_db()
    assert project.is_official and project.is_shared
