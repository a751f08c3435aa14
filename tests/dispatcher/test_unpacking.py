"""Unpacking through dispatchers that are killed: the next one takes on from the row."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from lyceum import unpacking as sandboxed
from lyceum.accounts.models import User
from lyceum.config import settings as platform_settings
from lyceum.datasets import actions, queries
from lyceum.datasets.actions import unpacking_steps as steps
from lyceum.datasets.actions.unpacking import cancel_unpacking, start_unpacking
from lyceum.datasets.models import Dataset, Unpacking
from lyceum.dispatcher.rounds import Rounds
from tests.unpacking.archives import MB, zipped

State = Unpacking.State

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sandbox]

ZEROS = 512 * MB
FILES = 200


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "home"))
    yield
    for run in sandboxed.running():
        sandboxed.stop(run.run_id)


@pytest.fixture
def dispatcher(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts dispatchers on the tests' own database; all are killed afterwards."""
    name = connection.settings_dict["NAME"]
    base = os.environ.get("DATABASE_URL")
    url = f"{base.rpartition('/')[0]}/{name}" if base else f"sqlite:///{name}"
    env = {**os.environ, "DATABASE_URL": url}
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "dispatcher.log").open("ab") as log:
            words = [sys.executable, "-m", "lyceum.dispatcher"]
            started.append(subprocess.Popen(words, env=env, stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def owner(transactional_db: None) -> User:
    return User.objects.create_user("owner")


def make(owner: User, tmp_path: Path, name: str, archive: Path) -> Dataset:
    dataset = Dataset.objects.create(owner=owner, name="Weather")
    actions.add_files_version(dataset, files={name: archive}, note="")
    return dataset


@pytest.fixture
def large(owner: User, tmp_path: Path) -> Dataset:
    """A dataset with a tar of one large file and many small ones."""
    archive = tmp_path / "large.tar"
    with tarfile.open(archive, "w") as tar:
        for number in range(FILES):
            about = tarfile.TarInfo(f"small/{number}.bin")
            about.size = 4096
            tar.addfile(about, open("/dev/urandom", "rb"))  # noqa: SIM115
        end = tar.offset
    about = tarfile.TarInfo("zeros")
    about.size = ZEROS
    with archive.open("r+b") as file:
        file.seek(end)
        file.write(about.tobuf())
        file.truncate(end + 512 + ZEROS + 1024)
    return make(owner, tmp_path, "large.tar", archive)


def until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, list(Unpacking.objects.values())
        time.sleep(0.02)


def being_written(unpacking: Unpacking) -> bool:
    """Whether the run has begun to write, as it says itself: sooner than the row does."""
    unpacking.refresh_from_db()
    folder = steps.work_folder(unpacking.pk)
    return bool(unpacking.run_id) and sandboxed.look(unpacking.run_id, folder).bytes > 0


def being_taken_in(unpacking: Unpacking) -> bool:
    """Whether a first file has become a content of the datasets."""
    files = steps.work_folder(unpacking.pk) / "files" / "small"
    return any(file.stat().st_nlink > 1 for file in files.glob("*"))


def is_over(unpacking: Unpacking) -> bool:
    unpacking.refresh_from_db()
    return unpacking.state not in Unpacking.ACTIVE and not unpacking.run_id


def test_killed_while_it_unpacks_and_while_it_takes_in(owner, large, dispatcher):
    unpacking = start_unpacking(owner, large.pk, path="large.tar")
    first = dispatcher()
    until(lambda: being_written(unpacking))
    first.kill()
    first.wait()
    unpacking.refresh_from_db()
    assert unpacking.state == State.RUNNING
    run_id = unpacking.run_id

    second = dispatcher()
    until(lambda: being_taken_in(unpacking))
    second.kill()
    second.wait()
    unpacking.refresh_from_db()
    assert (unpacking.state, unpacking.run_id) == (State.RUNNING, run_id)
    assert large.versions.count() == 1

    dispatcher()
    until(lambda: is_over(unpacking))
    assert (unpacking.state, unpacking.done_files) == (State.DONE, FILES + 1)
    assert [version.number for version in queries.versions_of(large)] == [2, 1]
    folder = queries.version_folder(large.pk, 2)
    assert (folder / "large" / "zeros").stat().st_size == ZEROS
    assert len(list((folder / "large" / "small").iterdir())) == FILES
    assert not any((platform_settings().root / "unpackings").iterdir())
    assert sandboxed.running() == []


def test_a_cancel_is_carried_out_at_once(owner, large, dispatcher):
    unpacking = start_unpacking(owner, large.pk, path="large.tar")
    dispatcher()
    until(lambda: being_written(unpacking))
    cancel_unpacking(owner, large.pk, unpacking.pk)
    until(lambda: is_over(unpacking), seconds=10)
    assert unpacking.state == State.CANCELLED and sandboxed.running() == []
    assert large.versions.count() == 1
    assert not any((platform_settings().root / "unpackings").iterdir())


@pytest.mark.usefixtures("hub")
def test_rounds_go_on_while_files_are_taken_in(owner, tmp_path, monkeypatch):
    (tmp_path / "a.zip").write_bytes(zipped({"a": b"1"}))
    dataset = make(owner, tmp_path, "a.zip", tmp_path / "a.zip")
    hold, finish = [True], steps.finish
    begun = []

    def slow(unpacking: Unpacking) -> None:
        begun.append(unpacking.pk)
        while hold:
            time.sleep(0.01)
        finish(unpacking)

    monkeypatch.setattr(steps, "finish", slow)
    unpacking = start_unpacking(owner, dataset.pk, path="a.zip")
    rounds = Rounds()
    until(lambda: rounds.turn() and begun)
    for _ in range(5):
        rounds.turn()
    assert begun == [unpacking.pk]
    hold.clear()
    until(lambda: rounds.turn() and is_over(unpacking))
    assert unpacking.state == State.DONE and dataset.versions.count() == 2
