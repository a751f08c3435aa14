"""What an owner says about a dataset, what others say under it, and the trash."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError, Forbidden, NotFound
from lyceum.datasets import actions, queries
from lyceum.datasets.models import Dataset, Draft, Upload
from lyceum.datasets.queries import HallFilter, Sort, Tab
from lyceum.limits import limit


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "home"))


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("owner")


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("stranger")


def make(
    owner: User, tmp_path: Path, name: str = "Weather", data: str = "a,b\n", **fields: object
):
    """A shared dataset with one file."""
    fields = {"visibility": Dataset.Visibility.SHARED, **fields}
    dataset = Dataset.objects.create(owner=owner, name=name, **fields)
    source = tmp_path / f"{dataset.pk}.csv"
    source.write_text(data)
    actions.add_files_version(dataset, files={"a.csv": source}, note="")
    return actions.edit_dataset(owner, dataset.pk, name=name)


def found(user: User, **wanted: object) -> list[str]:
    page = queries.hall_page(user, HallFilter(tab=Tab.SHARED, **wanted))
    return [dataset.name for dataset in page.items]


def test_an_edit_changes_what_is_given_only(owner: User, tmp_path: Path) -> None:
    dataset = make(owner, tmp_path, summary="rain")
    actions.edit_dataset(owner, dataset.pk, licence="cc-by-4.0", tags=["Rain ", "rain", "天气"])
    dataset = queries.get_dataset(owner, dataset.pk)
    assert (dataset.name, dataset.summary, dataset.licence) == ("Weather", "rain", "CC-BY-4.0")
    assert sorted(dataset.tags.values_list("name", flat=True)) == ["rain", "天气"]
    for words in ("WEATHER rain", "天气", "rain"):
        assert found(owner, words=words) == ["Weather"]
    assert found(owner, words="snow") == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"licence": "My own"}, "licence"),
        ({"source": "javascript:alert(1)"}, "source"),
        ({"source": "ftp://example.org/x"}, "source"),
        ({"tags": [str(number) for number in range(9)]}, "tags"),
        ({"visibility": "secret"}, "visibility"),
        ({"description": "x" * 50_001}, "description"),
    ],
)
def test_a_bad_edit_changes_nothing(
    owner: User, tmp_path: Path, change: dict[str, object], field: str
) -> None:
    dataset = make(owner, tmp_path)
    with pytest.raises(DomainError) as refusal:
        actions.edit_dataset(owner, dataset.pk, **{"summary": "new", **change})
    assert refusal.value.field == field
    assert queries.get_dataset(owner, dataset.pk).summary == ""


def test_only_the_owner_changes_a_dataset(owner: User, stranger: User, tmp_path: Path) -> None:
    dataset = make(owner, tmp_path)
    with pytest.raises(Forbidden):
        actions.edit_dataset(stranger, dataset.pk, name="Mine")
    with pytest.raises(Forbidden):
        actions.set_cover(stranger, dataset.pk, image=None)
    with pytest.raises(Forbidden):
        actions.delete_dataset(stranger, dataset.pk, typed_name="Weather")
    with pytest.raises(Forbidden):
        actions.open_draft(stranger, dataset_id=dataset.pk)
    actions.edit_dataset(owner, dataset.pk, visibility="private")
    for act in (actions.edit_dataset, actions.open_draft):
        with pytest.raises(NotFound):
            act(stranger, **{"dataset_id": dataset.pk})


def test_the_halls_filters_and_orders(owner: User, stranger: User, tmp_path: Path) -> None:
    small = make(owner, tmp_path, "small", data="x")
    large = make(owner, tmp_path, "large", data="x" * 5000)
    actions.edit_dataset(owner, small.pk, tags=["tiny"], licence="MIT")
    actions.set_project_count(small.pk, 3)
    actions.add_favourite(stranger, large.pk)
    assert found(stranger, sort=Sort.NEWEST) == ["large", "small"]
    assert found(stranger, sort=Sort.USED) == ["small", "large"]
    assert found(stranger, sort=Sort.FAVOURITED) == ["large", "small"]
    assert found(stranger, sort=Sort.SIZE) == ["large", "small"]
    assert found(stranger, tag="tiny") == found(stranger, licence="MIT") == ["small"]
    assert found(stranger, least=1000) == ["large"]
    assert found(stranger, most=1000) == ["small"]
    assert [tag.name for tag in queries.popular_tags(stranger)] == ["tiny"]


def test_pages_of_each_order_have_every_dataset_once(owner: User, tmp_path: Path) -> None:
    for number in range(5):
        dataset = make(owner, tmp_path, f"d{number}", data="x" * (number % 2 + 1))
        actions.set_project_count(dataset.pk, number % 2)
    for sort in Sort:
        cursor, names = None, []
        while True:
            page = queries.hall_page(
                owner, HallFilter(tab=Tab.SHARED, sort=sort), cursor=cursor, size=2
            )
            names += [dataset.name for dataset in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert sorted(names) == [f"d{number}" for number in range(5)], sort


def test_comments(owner: User, stranger: User, tmp_path: Path) -> None:
    dataset = make(owner, tmp_path)
    comment = actions.add_comment(stranger, dataset.pk, text=" **good** ")
    assert [each.text for each in queries.comments_page(dataset).items] == ["**good**"]
    for text in ("", " \n", "x" * 5001):
        with pytest.raises(DomainError) as refusal:
            actions.add_comment(stranger, dataset.pk, text=text)
        assert refusal.value.field == "text"
    with pytest.raises(Forbidden):
        actions.delete_comment(owner, dataset.pk, comment.pk)
    owner.is_staff = True
    actions.delete_comment(owner, dataset.pk, comment.pk)
    with pytest.raises(NotFound):
        actions.delete_comment(stranger, dataset.pk, comment.pk)


def test_a_comment_is_reached_through_its_own_dataset_only(owner: User, tmp_path: Path) -> None:
    one, other = make(owner, tmp_path), make(owner, tmp_path, "Other")
    comment = actions.add_comment(owner, one.pk, text="here")
    with pytest.raises(NotFound):
        actions.delete_comment(owner, other.pk, comment.pk)


def test_the_trash_and_back(owner: User, stranger: User, tmp_path: Path) -> None:
    dataset = make(owner, tmp_path)
    with pytest.raises(DomainError) as refusal:
        actions.delete_dataset(owner, dataset.pk, typed_name="weather")
    assert refusal.value.field == "typed_name"
    actions.delete_dataset(owner, dataset.pk, typed_name=" Weather ")
    assert found(owner) == []
    assert list(queries.trash_of(owner)) == [dataset]
    with pytest.raises(NotFound):
        queries.get_dataset(owner, dataset.pk)
    with pytest.raises(NotFound):
        actions.restore_dataset(stranger, dataset.pk)
    actions.restore_dataset(owner, dataset.pk)
    assert found(owner) == ["Weather"]
    assert queries.file_path(queries.newest_version(dataset), "a.csv").read_text() == "a,b\n"


def test_old_drafts_go_with_their_uploads(owner: User) -> None:
    draft = actions.open_draft(owner)
    actions.begin_upload(owner, actions.WantedUpload("a" * 32, str(draft.pk), "x.csv", 9))
    soon = timezone.now() + timedelta(days=limit("dataset_draft_days") - 1)
    actions.purge(now=soon)
    assert Draft.objects.filter(pk=draft.pk).exists()
    actions.purge(now=soon + timedelta(days=2))
    assert not Draft.objects.exists()
    assert not Upload.objects.exists()


def test_an_unchanged_version_is_not_made(owner: User, tmp_path: Path) -> None:
    dataset = make(owner, tmp_path)
    draft = actions.open_draft(owner, dataset_id=dataset.pk)
    with pytest.raises(Conflict) as refusal:
        actions.create_version(owner, draft_id=draft.pk, note="")
    assert refusal.value.code == "nothing_changed"
    actions.take_out(owner, draft.pk, path="a.csv")
    with pytest.raises(DomainError) as refusal:
        actions.create_version(owner, draft_id=draft.pk, note="")
    assert refusal.value.code == "no_files"
    assert dataset.versions.count() == 1
