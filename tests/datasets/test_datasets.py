"""Datasets: what is kept, who sees it, and what two writers at once leave."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection, connections
from django.test import Client

from lyceum.accounts.models import User
from lyceum.common.errors import DomainError, NotFound
from lyceum.datasets import actions, queries
from lyceum.datasets.actions import About
from lyceum.datasets.models import Dataset

ABOUT = About(
    name="鸢尾花",
    name_en="Iris",
    summary="三种鸢尾花",
    summary_en="Three irises",
    description="# 标题\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))",
    description_en="",
    licence="CC-BY-4.0",
    source="https://example.org/iris",
)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of other tests' datasets, whose ids come again, stay out of the way."""
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "home"))


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("owner")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    return {"a.csv": tmp_path / "a.csv", "deep/er/b.csv": tmp_path / "a.csv"}


@pytest.fixture
def iris(owner: User, files: dict[str, Path]) -> Dataset:
    return actions.install_official(owner, slug="iris", about=ABOUT, files=files)


def private(owner: User, files: dict[str, Path], **fields: object) -> Dataset:
    dataset = Dataset.objects.create(owner=owner, name="mine", **fields)
    actions.add_files_version(dataset, files=files, note="")
    return dataset


def test_a_version_holds_the_files_read_only(iris: Dataset) -> None:
    version = queries.newest_version(iris)
    assert (version.number, version.file_count, version.size) == (1, 2, 16)
    folder = queries.version_folder(iris.pk, 1)
    assert (folder / "deep" / "er" / "b.csv").read_text() == "x,y\n1,2\n"
    assert (folder / "a.csv").stat().st_mode & 0o777 == 0o444
    assert {file.path for file in queries.files_of(version)} == {"a.csv", "deep/er/b.csv"}


def test_only_other_files_make_another_version(
    owner: User, iris: Dataset, files: dict[str, Path]
) -> None:
    again = actions.install_official(owner, slug="iris", about=ABOUT, files=files)
    assert again.pk == iris.pk
    assert iris.versions.count() == 1
    files["a.csv"].write_text("x,y\n3,4\n")
    actions.install_official(owner, slug="iris", about=ABOUT, files=files)
    assert iris.versions.count() == 2
    assert queries.file_path(iris.versions.get(number=1), "a.csv").read_text() == "x,y\n1,2\n"


def test_lost_files_come_back(owner: User, iris: Dataset, files: dict[str, Path]) -> None:
    queries.version_folder(iris.pk, 1).rename(queries.version_folder(iris.pk, 99))
    actions.install_official(owner, slug="iris", about=ABOUT, files=files)
    newest = queries.newest_version(iris)
    assert queries.file_path(newest, "a.csv").is_file()


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", ".", "a//b", "x" * 501, "a\0b"])
def test_a_path_stays_inside(iris: Dataset, files: dict[str, Path], path: str) -> None:
    with pytest.raises(DomainError):
        actions.add_files_version(iris, files={path: files["a.csv"]}, note="")
    assert iris.versions.count() == 1


def test_a_link_is_not_followed(iris: Dataset, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        actions.add_files_version(iris, files={"x": link}, note="")
    left = queries.version_folder(iris.pk, 1).parent
    assert [path.name for path in left.iterdir()] == ["1"]


def test_what_a_crash_left_does_not_stand_in_the_way(
    iris: Dataset, files: dict[str, Path]
) -> None:
    leftover = queries.version_folder(iris.pk, 2)
    leftover.mkdir()
    (leftover / "junk").write_text("")
    actions.add_files_version(iris, files=files, note="")
    assert sorted(path.name for path in leftover.iterdir()) == ["a.csv", "deep"]


@pytest.mark.django_db(transaction=True)
def test_versions_made_at_once_get_numbers_of_their_own(
    owner: User, iris: Dataset, files: dict[str, Path]
) -> None:
    def add() -> None:
        actions.add_files_version(iris, files=files, note="")
        connections.close_all()

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(iris.versions.values_list("number", flat=True))
    assert numbers == list(range(1, 8))
    assert all(queries.version_folder(iris.pk, number).is_dir() for number in numbers)


def test_a_private_dataset_is_its_owners(owner: User, files: dict[str, Path]) -> None:
    stranger = User.objects.create_user("stranger")
    dataset = private(owner, files)
    assert queries.get_dataset(owner, dataset.pk) == dataset
    for act in (queries.get_dataset, actions.add_favourite, actions.remove_favourite):
        with pytest.raises(NotFound):
            act(stranger, dataset.pk)


def test_the_tabs(owner: User, iris: Dataset, files: dict[str, Path]) -> None:
    stranger = User.objects.create_user("stranger")
    mine = private(owner, files)
    shared = private(owner, files, visibility=Dataset.Visibility.SHARED)
    Dataset.objects.create(owner=owner, name="empty", visibility=Dataset.Visibility.SHARED)
    actions.add_favourite(stranger, iris.pk)

    def listed(user: User, tab: queries.Tab, words: str = "") -> list[Dataset]:
        return queries.datasets_page(user, tab=tab, words=words).items

    assert listed(stranger, queries.Tab.OFFICIAL) == [iris]
    assert listed(stranger, queries.Tab.OFFICIAL)[0].is_favourite
    assert listed(stranger, queries.Tab.SHARED) == [shared]
    assert listed(owner, queries.Tab.MINE) == [shared, mine] or iris in listed(
        owner, queries.Tab.MINE
    )
    assert listed(stranger, queries.Tab.MINE) == []
    assert listed(stranger, queries.Tab.FAVOURITES) == [iris]
    assert listed(stranger, queries.Tab.OFFICIAL, "IRIS 三种") == [iris]
    assert listed(stranger, queries.Tab.OFFICIAL, "iris wine") == []


def test_a_favourite_marked_twice_is_one(owner: User, iris: Dataset) -> None:
    actions.add_favourite(owner, iris.pk)
    assert actions.add_favourite(owner, iris.pk).is_favourite
    assert iris.favourites.count() == 1
    assert not actions.remove_favourite(owner, iris.pk).is_favourite
    assert iris.favourites.count() == 0


def test_the_page_shows_markdown_without_its_dangers(client: Client, iris: Dataset) -> None:
    page = client.get(f"/datasets/{iris.pk}/", headers={"accept-language": "zh-hans"})
    text = page.content.decode()
    assert "<h1>标题</h1>" in text
    assert "<script>alert" not in text
    assert 'href="javascript' not in text
    assert f"/home/aistudio/data/data{iris.pk}/" in text


def test_a_file_is_an_attachment(client: Client, iris: Dataset) -> None:
    answer = client.get(f"/datasets/{iris.pk}/versions/1/files/deep/er/b.csv")
    assert b"".join(answer.streaming_content) == b"x,y\n1,2\n"
    assert answer["Content-Disposition"].startswith("attachment")
    for path in ("nothing.csv", "../1/a.csv", "deep"):
        assert client.get(f"/datasets/{iris.pk}/versions/1/files/{path}").status_code == 404


def test_strangers_get_404_for_pages_and_files(
    client: Client, owner: User, files: dict[str, Path]
) -> None:
    dataset = private(owner, files)
    for path in ("", "projects/", "versions/1/files/a.csv"):
        assert client.get(f"/datasets/{dataset.pk}/{path}").status_code == 404


def test_the_hall_in_both_languages(client: Client, iris: Dataset) -> None:
    english = client.get("/datasets/", headers={"accept-language": "en"}).content.decode()
    assert "Iris" in english and "Three irises" in english
    chinese = client.get("/datasets/", headers={"accept-language": "zh-hans"}).content.decode()
    assert "数据集" in chinese and "鸢尾花" in chinese
    assert chinese.count('class="nav-link active"') == 1


def test_marking_from_the_page(client: Client, owner: User, iris: Dataset) -> None:
    assert client.post(f"/datasets/{iris.pk}/favourite/").status_code == 302
    client.force_login(owner)
    headers = {"hx-request": "true"}
    marked = client.post(f"/datasets/{iris.pk}/favourite/", {"on": "1"}, headers=headers)
    assert 'aria-pressed="true"' in marked.content.decode()
    assert queries.get_dataset(owner, iris.pk).is_favourite


def test_a_list_costs_few_queries(
    client: Client, owner: User, files: dict[str, Path], django_assert_max_num_queries: object
) -> None:
    for _ in range(5):
        private(owner, files, visibility=Dataset.Visibility.SHARED)
    with django_assert_max_num_queries(3, connection=connection):
        client.get("/datasets/?tab=shared")
