"""Contents on disk: each once, never half, and gone when nothing has them."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connections
from django.utils import timezone

from lyceum.accounts.models import User
from lyceum.config import settings
from lyceum.datasets import actions, queries, storage
from lyceum.datasets.models import Dataset, DatasetVersion
from lyceum.limits import limit
from lyceum.projects import actions as projects
from lyceum.projects.models import ProjectDataset
from tests.datasets.arriving import arrive
from tests.previews.waiting import wait_until
from tests.projects.making import make_project

DAY = 24 * 3600.0
NOBODY_USES = lambda _sha256s: set()  # noqa: E731


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "home"))


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("owner")


def write(tmp_path: Path, text: str) -> Path:
    source = tmp_path / f"source {hash(text)}"
    source.write_text(text)
    return source


def make(owner: User, tmp_path: Path, *texts: str) -> Dataset:
    """A dataset whose versions have ``a.csv`` with each of ``texts``."""
    dataset = Dataset.objects.create(owner=owner, name="Weather")
    for text in texts:
        actions.add_files_version(dataset, files={"a.csv": write(tmp_path, text)}, note="")
    return dataset


def file(dataset: Dataset, number: int) -> Path:
    return queries.version_folder(dataset.pk, number) / "a.csv"


def blobs() -> list[Path]:
    return [path for path in (settings().root / "blobs").rglob("*") if path.is_file()]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Have the sweeps take it for so many seconds after the epoch (two days from now)."""

    def move(moment: float | None = None) -> None:
        then = moment or time.time() + 2 * DAY
        monkeypatch.setattr(storage, "time", SimpleNamespace(time=lambda: then))

    return move


def no_links(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_names: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)


def at_once(count: int, call) -> list[Exception]:
    barrier, errors = threading.Barrier(count), []

    def run(index: int) -> None:
        barrier.wait()
        try:
            call(index)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_a_content_is_stored_once_for_all_datasets_and_people(owner, tmp_path):
    other = User.objects.create_user("other")
    mine, theirs = make(owner, tmp_path, "rain", "snow", "rain"), make(other, tmp_path, "rain")
    places = [file(mine, 1), file(mine, 3), file(theirs, 1)]
    (blob,) = {os.stat(place).st_ino for place in places}
    assert os.stat(places[0]).st_nlink == 4  # the three and the blob
    assert os.stat(file(mine, 2)).st_ino != blob
    assert len(blobs()) == 2
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in blobs())


@pytest.mark.parametrize("number", [errno.EMLINK, errno.EPERM, errno.EXDEV])
def test_where_no_link_can_be_made_versions_have_whole_copies(
    owner, tmp_path, monkeypatch, number, later
):
    no_links(monkeypatch, number)
    dataset = make(owner, tmp_path, "rain", "rain")
    assert [file(dataset, each).read_text() for each in (1, 2)] == ["rain", "rain"]
    assert [os.stat(file(dataset, each)).st_nlink for each in (1, 2)] == [1, 1]
    assert file(dataset, 1).stat().st_mode & 0o777 == 0o444
    assert [path.read_text() for path in blobs()] == ["rain"]
    later()
    actions.purge()
    assert len(blobs()) == 1  # copied from for the next version


def test_another_error_of_the_disk_leaves_nothing(owner, tmp_path, monkeypatch):
    dataset = make(owner, tmp_path)
    no_links(monkeypatch, errno.ENOSPC)
    with pytest.raises(OSError, match="No space"):
        actions.add_files_version(dataset, files={"a.csv": write(tmp_path, "rain")}, note="")
    assert dataset.versions.count() == 0
    assert blobs() == []


def test_a_copy_cut_short_is_never_taken_for_the_content(owner, tmp_path, monkeypatch):
    dataset = make(owner, tmp_path)
    no_links(monkeypatch, errno.EMLINK)

    def half(_source: object, target: str) -> None:
        Path(target).write_text("ra")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(storage.shutil, "copyfile", half)
        with pytest.raises(OSError, match="No space"):
            actions.add_files_version(dataset, files={"a.csv": write(tmp_path, "rain")}, note="")
    assert blobs() == []
    actions.add_files_version(dataset, files={"a.csv": write(tmp_path, "rain")}, note="")
    assert file(dataset, 1).read_text() == "rain"


@pytest.mark.parametrize("links", [True, False])
def test_many_who_bring_the_same_content_at_once(tmp_path, monkeypatch, links):
    if not links:
        no_links(monkeypatch, errno.EMLINK)
    text = "rain" * 200_000
    sources = [tmp_path / f"source {number}" for number in range(8)]
    for source in sources:
        source.write_text(text)
    kept: dict[int, storage.StoredFile] = {}
    errors = at_once(8, lambda index: kept.update({index: storage.keep(sources[index])}))
    assert errors == []
    assert len({each.sha256 for each in kept.values()}) == 1
    (blob,) = blobs()
    assert blob.read_text() == text
    assert blob == storage.blob_path(kept[0].sha256)


def test_a_sweep_takes_only_what_nothing_has_for_a_day(owner, tmp_path, later):
    make(owner, tmp_path, "rain")
    orphan = storage.keep(write(tmp_path, "snow"))
    previews = storage.preview_folder(orphan.sha256)
    previews.mkdir(parents=True)
    assert storage.sweep_blobs(NOBODY_USES) == 0
    later()
    assert storage.sweep_blobs(lambda _all: {orphan.sha256}) == 0
    assert storage.sweep_blobs(NOBODY_USES) == 1
    assert [path.read_text() for path in blobs()] == ["rain"]
    assert not previews.exists()


def test_uploads_that_no_row_has_go_after_a_day(owner, later):
    draft = actions.open_draft(owner)
    kept = arrive(owner, draft, "a.csv")
    lost = arrive(owner, draft, "b.csv")
    draft.uploads.filter(pk=lost.pk).delete()
    folder = storage.upload_path(kept.pk).parent
    (folder / "notes.txt").write_text("an administrator's own")
    actions.purge()
    assert storage.upload_path(lost.pk).exists()
    later()
    actions.purge()
    names = {path.name for path in folder.iterdir()}
    assert names == {"notes.txt", kept.pk, f"{kept.pk}.done"}


def test_thousands_of_uploads_go_without_anybody_waiting(owner):
    ids = [f"{number:032x}" for number in range(1000)]
    folder = storage.upload_path(ids[0]).parent
    folder.mkdir(parents=True)
    for upload in ids:
        (folder / upload).touch()
    storage.remove_uploads(ids)
    wait_until(lambda: not list(folder.iterdir()))


def test_a_content_brought_again_is_not_swept(tmp_path, later):
    """Its blob may be months old; what counts is that somebody has just relied on it."""
    kept = storage.keep(write(tmp_path, "rain"))
    first = storage.blob_path(kept.sha256).stat().st_ctime
    time.sleep(0.05)
    storage.keep(write(tmp_path, "rain"))
    later(first + DAY)
    assert storage.sweep_blobs(NOBODY_USES) == 0
    later(first + DAY + 60)
    assert storage.sweep_blobs(NOBODY_USES) == 1


def test_what_a_kill_left_half_made_goes_after_a_day(owner, tmp_path, later):
    dataset = make(owner, tmp_path, "rain")
    folder = queries.version_folder(dataset.pk, 1).parent
    half = [folder / ".new-abc", folder / "2", storage.dataset_folder(999) / "1"]
    for each in half:
        each.mkdir(parents=True)
        (each / "a.csv").write_text("half")
    copied = settings().root / "blobs" / ".new-xyz"
    copied.write_text("half")
    actions.purge()
    assert all(each.is_dir() for each in half)
    later()
    actions.purge()
    assert not any(each.exists() for each in (*half, copied))
    assert not storage.dataset_folder(999).exists()
    assert file(dataset, 1).read_text() == "rain"


def test_the_trash_is_emptied_with_files_links_and_contents(owner, tmp_path, later):
    dataset, kept = make(owner, tmp_path, "rain", "snow"), make(owner, tmp_path, "snow")
    project = make_project(owner, dataset_ids=[dataset.pk, kept.pk])
    actions.delete_dataset(owner, dataset.pk, typed_name="Weather")
    now = timezone.now()
    assert actions.purge(now=now + timedelta(days=limit("trash_days") - 1)) == 0
    assert file(dataset, 1).read_text() == "rain"
    assert actions.purge(now=now + timedelta(days=limit("trash_days") + 1)) == 1
    assert not storage.dataset_folder(dataset.pk).exists()
    assert not DatasetVersion.objects.filter(dataset_id=dataset.pk).exists()
    links = ProjectDataset.objects.filter(project=project)
    assert [link.dataset_id for link in links] == [kept.pk]
    assert len(blobs()) == 2
    later()
    actions.purge()
    assert [path.read_text() for path in blobs()] == ["snow"]
    assert file(kept, 1).read_text() == "snow"


def test_a_purge_that_died_after_the_files_is_finished_by_the_next(owner, tmp_path, monkeypatch):
    dataset = make(owner, tmp_path, "rain")
    actions.delete_dataset(owner, dataset.pk, typed_name="Weather")
    later = timezone.now() + timedelta(days=limit("trash_days") + 1)

    def die(_dataset_id: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(projects, "forget_dataset", die)
        with pytest.raises(KeyboardInterrupt):
            actions.purge(now=later)
    assert Dataset.objects.filter(pk=dataset.pk).exists()
    assert actions.purge(now=later) == 1
    assert not Dataset.objects.filter(pk=dataset.pk).exists()


def test_what_is_taken_out_of_the_trash_in_time_keeps_its_files(owner, tmp_path):
    dataset = make(owner, tmp_path, "rain")
    actions.delete_dataset(owner, dataset.pk, typed_name="Weather")
    actions.restore_dataset(owner, dataset.pk)
    assert actions.purge(now=timezone.now() + timedelta(days=400)) == 0
    assert file(dataset, 1).read_text() == "rain"
