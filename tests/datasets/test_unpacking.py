"""An archive of a dataset becomes files of its next version, or nothing changes."""

from __future__ import annotations

import os
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from lyceum import unpacking as sandboxed
from lyceum.accounts.models import User
from lyceum.common.errors import DomainError, Forbidden, NotFound
from lyceum.config import settings as platform_settings
from lyceum.datasets import actions, queries, storage
from lyceum.datasets.actions import unpacking_steps as steps
from lyceum.datasets.actions.unpacking import cancel_unpacking, start_unpacking
from lyceum.datasets.models import Dataset, Unpacking
from lyceum.datasets.queries.unpacking import archive_folder, shown_unpacking
from lyceum.datasets.unpacking_sentences import _SENTENCES, explanation
from tests.notebooks.fixtures import in_threads  # noqa: F401
from tests.unpacking.archives import MB, member, tarred, zipped

State = Unpacking.State

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings) -> Iterator[Path]:
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    for run in sandboxed.running():
        sandboxed.stop(run.run_id)


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("owner")


@pytest.fixture
def make(owner: User, tmp_path: Path) -> Callable[..., Dataset]:
    """A dataset of ``owner``'s whose first version has these files."""

    def dataset(**files: bytes | Path) -> Dataset:
        made = Dataset.objects.create(owner=owner, name="Weather", visibility="shared")
        places = {}
        for name, content in files.items():
            place = tmp_path / f"{made.pk}-{name}"
            if isinstance(content, Path):
                place = content
            else:
                place.write_bytes(content)
            places[name.replace("_", ".", 1)] = place
        actions.add_files_version(made, files=places, note="")
        return made

    return dataset


def work(
    unpacking: Unpacking, *, pause: Callable[[sandboxed.Look], bool] | None = None
) -> Unpacking:
    """Take the steps that the dispatcher takes, to the end or to a ``pause`` before one."""
    deadline = time.monotonic() + 60
    while (row := steps.pending().filter(pk=unpacking.pk).first()) is not None:
        assert time.monotonic() < deadline, row.state
        if row.state not in Unpacking.ACTIVE:
            steps.clear(row)
        elif not steps.is_wanted(row):
            steps.drop(row)
        elif row.state == State.QUEUED:
            steps.begin(row)
        else:
            seen = steps.look(row)
            if pause is not None and pause(seen):
                return steps.pending().get(pk=row.pk)
            if seen.state == sandboxed.State.DONE:
                steps.finish(row)
        time.sleep(0.02)
    return Unpacking.objects.get(pk=unpacking.pk)


def run_has_ended(seen: sandboxed.Look) -> bool:
    return seen.state == sandboxed.State.DONE


def left_on_disk() -> list[Path]:
    return list((platform_settings().root / "unpackings").glob("*"))


def unchanged(dataset: Dataset) -> bool:
    """Whether there is nothing but the first version, and no trace of an unpacking."""
    folders = sorted(path.name for path in storage.dataset_folder(dataset.pk).iterdir())
    return dataset.versions.count() == 1 and folders == ["1"] and not left_on_disk()


def test_a_zip_becomes_a_folder_of_the_next_version(owner, make):
    content = {"a.csv": b"x,y\n1,2\n", "deep/b.txt": b"b", "empty.txt": b""}
    dataset = make(train_zip=zipped(content), notes_txt=b"b")
    with translation.override("en"):  # whoever works speaks another
        unpacking = start_unpacking(owner, dataset.pk, path="train.zip")

    done = work(unpacking)

    assert (done.state, done.done_files, done.done_bytes) == (State.DONE, 3, 9)
    version = queries.newest_version(dataset)
    assert (version.number, version.note, done.made) == (2, "Unpacked train.zip", version)
    folder = queries.version_folder(dataset.pk, 2)
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "notes.txt", "train.zip", "train/a.csv", "train/deep/b.txt", "train/empty.txt",
    }  # fmt: skip
    for file in version.files.all():
        assert storage.digest(folder / file.path) == file.sha256
        assert (folder / file.path).stat().st_mode & 0o777 == 0o444
    same = (folder / "notes.txt", folder / "train" / "deep" / "b.txt")
    assert same[0].samefile(same[1])
    dataset.refresh_from_db()
    assert dataset.file_count == 5 and dataset.versions.get(number=1).file_count == 2
    assert left_on_disk() == [] and sandboxed.running() == []
    assert shown_unpacking(owner, dataset) is None


def test_an_older_versions_archive_goes_into_the_newest(owner, make, tmp_path):
    dataset = make(train_zip=zipped({"a": b"1"}))
    (tmp_path / "other").write_bytes(b"2")
    actions.add_files_version(dataset, files={"other": tmp_path / "other"}, note="")
    with pytest.raises(NotFound):
        start_unpacking(owner, dataset.pk, path="train.zip")
    work(start_unpacking(owner, dataset.pk, path="train.zip", number=1))
    paths = queries.newest_version(dataset).files.values_list("path", flat=True)
    assert set(paths) == {"other", "train/a"}


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("train.zip", "train"),
        ("a/b/Train.TAR.GZ", "a/b/Train"),
        ("x.tgz", "x"),
        ("v1.2.rar", "v1.2"),
        ("数据.zip", "数据"),
        ("a.csv", None),
        ("a.csv.gz", None),
        (".zip", None),
        ("a/.zip", None),
        ("...zip", None),
    ],
)
def test_the_folder_is_named_like_the_archive(path, folder):
    assert archive_folder(path) == folder


def test_who_may_not_or_can_not_is_told_at_once(owner, make, monkeypatch):
    dataset = make(train_zip=zipped({"a": b"1"}), notes_txt=b"x", full_zip=b"PK", full_=b"y")
    stranger = User.objects.create_user("stranger")
    for user, path, code in [
        (stranger, "train.zip", "not_owner"),
        (owner, "missing.zip", "no_such_file"),
        (owner, "notes.txt", "not_an_archive"),
        (owner, "../train.zip", "no_such_file"),
    ]:
        with pytest.raises(DomainError) as refusal:
            start_unpacking(user, dataset.pk, path=path)
        assert refusal.value.code == code
    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_FILES", "4")
    with pytest.raises(DomainError, match="at most 4 files"):
        start_unpacking(owner, dataset.pk, path="train.zip")
    monkeypatch.undo()
    assert not Unpacking.objects.exists()


def test_a_taken_place_is_refused_before_and_after(owner, make, tmp_path):
    dataset = make(train_zip=zipped({"a": b"1"}))
    unpacking = start_unpacking(owner, dataset.pk, path="train.zip")
    row = work(unpacking, pause=run_has_ended)
    (tmp_path / "new").write_bytes(b"2")
    files = {"train.zip": tmp_path / f"{dataset.pk}-train_zip", "train/b": tmp_path / "new"}
    actions.add_files_version(dataset, files=files, note="")

    done = work(row)

    assert (done.state, done.code) == (State.FAILED, "folder_exists")
    assert "“train”" in explanation(done) and dataset.versions.count() == 2
    with pytest.raises(DomainError, match="“train”") as refusal:
        start_unpacking(owner, dataset.pk, path="train.zip")
    assert refusal.value.code == "folder_exists"


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (zipped({"fine": b"1", "../../x": b"2"}), "outside", "../../x"),
        (tarred(("fine", b"1"), member("evil", tarfile.SYMTYPE, "/etc")), "link", "evil"),
        (b"not an archive", "not_an_archive", "no zip"),
        (zipped({"a": os.urandom(5000)})[:2000], "broken", "broken"),
    ],
)
def test_a_refused_archive_changes_nothing_and_says_why(owner, make, content, code, words):
    dataset = make(train_zip=content)
    failed = work(start_unpacking(owner, dataset.pk, path="train.zip"))
    assert (failed.state, failed.code) == (State.FAILED, code)
    assert unchanged(dataset) and failed.ended
    with translation.override("en"):
        assert words in explanation(failed)
    assert shown_unpacking(owner, dataset) == failed
    assert shown_unpacking(User.objects.create_user("other"), dataset) is None
    start_unpacking(owner, dataset.pk, path="train.zip")  # it can be tried again


def test_every_reason_has_a_sentence_in_chinese():
    for code in [*_SENTENCES, "lost"]:
        failed = Unpacking(state=State.FAILED, code=code, params={"entry": "名", "most": 7})
        with translation.override("en"):
            english = explanation(failed)
        with translation.override("zh-hans"):
            assert explanation(failed) != english
        assert "%(" not in english


def test_the_quota_is_kept_with_the_true_size(owner, make, monkeypatch):
    dataset = make(train_zip=zipped({"zeros": bytes(3 * MB)}))
    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_QUOTA_MB", "2")
    failed = work(start_unpacking(owner, dataset.pk, path="train.zip"))
    assert failed.code == "no_quota" and unchanged(dataset)

    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_QUOTA_MB", "9")
    row = work(start_unpacking(owner, dataset.pk, path="train.zip"), pause=run_has_ended)
    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_QUOTA_MB", "2")  # filled by others meanwhile
    failed = work(row)
    assert failed.code == "no_quota" and unchanged(dataset)
    assert "MB" in explanation(failed)

    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_QUOTA_MB", "0")
    with pytest.raises(DomainError) as refusal:
        start_unpacking(owner, dataset.pk, path="train.zip")
    assert refusal.value.code == "quota_exceeded" and refusal.value.status == 413


def test_contents_that_the_owner_has_already_cost_nothing(owner, make, monkeypatch):
    noise = os.urandom(900_000)
    dataset = make(train_zip=zipped({"same.bin": noise, "again.bin": noise}), same_bin=noise)
    row = work(start_unpacking(owner, dataset.pk, path="train.zip"), pause=run_has_ended)
    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_QUOTA_MB", "2")
    assert queries.bytes_left(owner) < 2 * 900_000
    assert work(row).state == State.DONE


def sparse_tar(tmp_path: Path, size: int) -> Path:
    about = tarfile.TarInfo("zeros")
    about.size = size
    archive = tmp_path / "large.tar"
    archive.write_bytes(about.tobuf())
    os.truncate(archive, size + MB)
    return archive


def test_cancelling_midway_leaves_nothing(owner, make, tmp_path):
    dataset = make(large_tar=sparse_tar(tmp_path, 1024 * MB))
    unpacking = start_unpacking(owner, dataset.pk, path="large.tar")
    row = work(unpacking, pause=lambda seen: seen.bytes > 0)
    assert 0 < row.done_bytes <= row.total_bytes
    cancel_unpacking(owner, dataset.pk, unpacking.pk)

    ended = work(unpacking)

    assert ended.state == State.CANCELLED and ended.run_id == ""
    assert unchanged(dataset) and sandboxed.running() == []
    assert cancel_unpacking(owner, dataset.pk, unpacking.pk).state == State.CANCELLED


def test_cancelling_while_files_are_taken_in_adds_no_version(owner, make):
    dataset = make(train_zip=zipped({"a": b"1"}))
    unpacking = start_unpacking(owner, dataset.pk, path="train.zip")
    row = work(unpacking, pause=run_has_ended)
    cancel_unpacking(owner, dataset.pk, unpacking.pk)
    steps.finish(row)
    assert work(unpacking).state == State.CANCELLED and unchanged(dataset)


def test_a_deleted_dataset_is_not_gone_on_with(owner, make):
    dataset = make(train_zip=zipped({"a": b"1"}))
    unpacking = start_unpacking(owner, dataset.pk, path="train.zip")
    row = work(unpacking, pause=run_has_ended)
    actions.delete_dataset(owner, dataset.pk, typed_name="Weather")
    assert work(row).state == State.CANCELLED and unchanged(dataset)


def test_what_a_taken_over_program_leaves_is_not_taken_in(owner, make):
    dataset = make(train_zip=zipped({"a": b"1"}))
    row = work(start_unpacking(owner, dataset.pk, path="train.zip"), pause=run_has_ended)
    (steps.work_folder(row.pk) / "files" / "passwd").symlink_to("/etc/passwd")
    assert work(row).code == "crashed" and unchanged(dataset)


def test_a_start_that_was_not_noted_is_found_and_what_belongs_to_nobody_goes(owner, make):
    dataset = make(train_zip=zipped({"a": b"1"}))
    unpacking = start_unpacking(owner, dataset.pk, path="train.zip")
    row = steps.pending().get(pk=unpacking.pk)
    steps.begin(row)
    first = Unpacking.objects.get(pk=row.pk).run_id
    Unpacking.objects.filter(pk=row.pk).update(state=State.QUEUED, run_id="")
    steps.begin(row)
    assert Unpacking.objects.get(pk=row.pk).run_id == first
    steps.tidy()
    assert [run.run_id for run in sandboxed.running()] == [first]
    Unpacking.objects.all().delete()
    steps.tidy()
    assert sandboxed.running() == [] and left_on_disk() == []


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one(make, in_threads):  # noqa: F811
    dataset = make(train_zip=zipped({"a": b"1"}), test_zip=zipped({"b": b"1"}))
    user = User.objects.get()
    calls = [
        lambda path=path: start_unpacking(user, dataset.pk, path=path)
        for path in ("train.zip", "test.zip", "train.zip")
    ]
    told = in_threads(*calls)
    assert Unpacking.objects.count() == 1
    assert [each.code for each in told if isinstance(each, DomainError)] == [
        "already_unpacking",
        "already_unpacking",
    ]


def test_the_page_asks_shows_and_cancels(owner, make, client: Client):
    dataset = make(train_zip=zipped({"a": b"1"}))
    base = f"/datasets/{dataset.pk}/"
    client.force_login(owner)
    htmx = {"HX-Request": "true"}
    empty = client.get(f"{base}unpackings/", headers=htmx).content.decode()
    assert empty.strip() == '<div id="unpacking"></div>'

    page = client.post(f"{base}unpack/", {"path": "train.zip", "version": "1"})
    assert page["Location"] == f"{base}#unpacking"
    unpacking = Unpacking.objects.get()
    shown = client.get(f"{base}unpackings/", headers=htmx).content.decode()
    assert "Unpacking train.zip" in shown and "every 1s" in shown and "<progress" in shown
    polled = client.get(f"{base}unpackings/{unpacking.pk}/", headers=htmx).content.decode()
    assert "Unpacking train.zip" in polled and "every 1s" in polled

    ended = client.post(f"{base}unpackings/{unpacking.pk}/cancel/", headers=htmx)
    assert "cancelled" in ended.content.decode() and "every 1s" not in ended.content.decode()

    client.post(f"{base}unpack/", {"path": "train.zip"}, headers=htmx)
    again = Unpacking.objects.latest("pk")
    work(again)
    done = client.get(f"{base}unpackings/{again.pk}/", headers=htmx).content.decode()
    assert "Show version 2" in done and "“train”" in done


def test_others_neither_ask_nor_see_nor_cancel(owner, make, client: Client):
    dataset = make(train_zip=zipped({"a": b"1"}))
    unpacking = start_unpacking(owner, dataset.pk, path="train.zip")
    stranger = User.objects.create_user("stranger")
    with pytest.raises(Forbidden):
        cancel_unpacking(stranger, dataset.pk, unpacking.pk)
    client.force_login(stranger)
    base = f"/datasets/{dataset.pk}/"
    assert client.post(f"{base}unpack/", {"path": "train.zip"}).status_code == 403
    assert client.get(f"{base}unpackings/{unpacking.pk}/").status_code == 403
    assert client.post(f"{base}unpackings/{unpacking.pk}/cancel/").status_code == 403
    other = Dataset.objects.create(owner=stranger, name="Mine")
    assert client.get(f"/datasets/{other.pk}/unpackings/{unpacking.pk}/").status_code == 404
    assert Unpacking.objects.get().state == State.QUEUED


def test_a_failure_is_shown_after_a_reload(owner, make, client: Client):
    dataset = make(train_zip=zipped({"<b>evil</b>/../../x": b"1"}))
    work(start_unpacking(owner, dataset.pk, path="train.zip"))
    client.force_login(owner)
    page = client.get(f"/datasets/{dataset.pk}/unpackings/").content.decode()
    assert "could not be unpacked" in page
    assert "&lt;b&gt;evil" in page and "<b>evil" not in page
