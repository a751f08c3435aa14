"""Everything that ``client.datasets`` does, against the whole platform."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from lyceum.sdk import Client, LyceumError, Progress
from lyceum.sdk.downloading import part_of
from tests.datasets.wire import Wire, wire_to
from tests.support.platform import Platform, free_ports

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MEGABYTE = 1 << 20
Connect = Callable[..., Client]


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.bin"
    path.write_bytes(random.Random(7).randbytes(6 * MEGABYTE + 3))
    return path


@pytest.fixture
def wire(platform: Platform):
    with wire_to(platform.port) as cable:
        yield cable


def refused(call: Callable[[], object]) -> LyceumError:
    with pytest.raises(LyceumError) as caught:
        call()
    return caught.value


def test_the_life_of_a_dataset(client: Client, folder: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    made = client.datasets.create(
        [folder], name="Rain", tags=["Sky"], licence="mit", progress=seen.append
    )
    assert (made.name, made.licence, made.tags, made.visibility) == (
        "Rain", "MIT", ["sky"], "private",
    )  # fmt: skip
    assert (seen[-1].done, seen[-1].total, seen[-1].files_done) == (13, 13, 2)
    files = {file.path: file.size for file in client.datasets.files(made.id)}
    assert files == {"a.csv": 8, "train/多/b c#?%.txt": 5}

    target = tmp_path / "fetched"
    places = client.datasets.download(made.id, to=target)
    assert [place.relative_to(target).as_posix() for place in places] == sorted(files)
    assert (target / "train/多/b c#?%.txt").read_text() == "hello"

    assert client.datasets.edit(made.id, summary="Wet").summary == "Wet"
    assert client.datasets.favourite(made.id) == 1
    assert [each.id for each in client.datasets.list(tab="favourites")] == [made.id]
    assert client.datasets.favourite(made.id, False) == 0
    comment = client.datasets.add_comment(made.id, "*Good*")
    assert [each.text for each in client.datasets.comments(made.id)] == ["*Good*"]
    client.datasets.delete_comment(made.id, comment.id)
    assert list(client.datasets.comments(made.id)) == []

    client.datasets.delete(made.id, typed_name="Rain")
    assert refused(lambda: client.datasets.get(made.id)).status == 404
    assert made.id in [each.id for each in client.datasets.trash()]
    assert client.datasets.restore(made.id).id == made.id


def test_versions_add_replace_and_leave_out(client: Client, folder: Path, tmp_path: Path) -> None:
    made = client.datasets.create([folder], name="Versions")
    (new := tmp_path / "new").mkdir()
    (new / "a.csv").write_text("other")
    (new / "c.csv").write_text("c")
    gone = "train/多/b c#?%.txt"
    version = client.datasets.add_version(made.id, [new], note="Second", remove=[gone])
    assert (version.number, version.note, version.file_count) == (2, "Second", 2)
    assert {each.path: each.size for each in client.datasets.files(made.id)} == {
        "a.csv": 5, "c.csv": 1,
    }  # fmt: skip
    assert [each.number for each in client.datasets.versions(made.id)] == [2, 1]
    client.datasets.download(made.id, "train", to=tmp_path / "old", version=1)
    assert (tmp_path / "old" / gone).read_text() == "hello"
    unknown = refused(lambda: client.datasets.add_version(made.id, remove=["nowhere.csv"]))
    assert unknown.code == "no_such_file" and "nowhere.csv" in unknown.message


def test_changes_begun_elsewhere_are_not_thrown_away(
    platform: Platform, client: Client, token: str, folder: Path
) -> None:
    made = client.datasets.create([folder], name="Elsewhere")
    api = httpx.Client(base_url=platform.url, headers={"Authorization": f"Bearer {token}"})
    draft = api.post("/api/v1/dataset-drafts", json={"dataset_id": made.id}).json()
    api.post(f"/api/v1/dataset-drafts/{draft['id']}/removals", json={"path": "a.csv"})
    remove = ["train/多/b c#?%.txt"]
    again = refused(lambda: client.datasets.add_version(made.id, remove=remove))
    assert again.code == "draft_in_use"
    client.datasets.add_version(made.id, remove=remove, discard=True)
    assert [each.path for each in client.datasets.files(made.id)] == ["a.csv"]


def test_an_upload_survives_lost_connections(
    connect: Connect, wire: Wire, big: Path, tmp_path: Path
) -> None:
    client = connect(wire.url)
    client.me()
    waits = 0

    def mend(progress: Progress) -> None:
        nonlocal waits
        if progress.waiting:
            waits += 1
            wire.mend()

    wire.cut_at = wire.sent + 3 * MEGABYTE
    made = client.datasets.create([big], name="Lost", progress=mend)
    assert waits == 1
    assert wire.sent < big.stat().st_size + 2 * MEGABYTE  # not from the start again
    client.datasets.download(made.id, to=tmp_path / "back")
    assert (tmp_path / "back" / "big.bin").read_bytes() == big.read_bytes()


def test_the_same_call_continues(connect: Connect, wire: Wire, big: Path, folder: Path) -> None:
    paths = [folder / "a.csv", big]
    wire.cut_at = 3 * MEGABYTE
    with_cable = connect(wire.url, patience=0)
    lost = refused(lambda: with_cable.datasets.create(paths, name="Twice"))
    assert (lost.code, lost.status) == ("unreachable", None)
    wire.mend()
    seen: list[Progress] = []
    made = with_cable.datasets.create(paths, name="Twice", progress=seen.append)
    assert made.file_count == 2
    assert seen[-1].resumed > 2 * MEGABYTE
    assert wire.sent < big.stat().st_size + MEGABYTE


def test_a_file_that_changed_is_sent_anew(
    connect: Connect, wire: Wire, big: Path, tmp_path: Path
) -> None:
    client = connect(wire.url, patience=0)
    wire.cut_at = 3 * MEGABYTE
    refused(lambda: client.datasets.create([big], name="Changed"))
    wire.mend()
    big.write_bytes(b"other")
    made = client.datasets.create([big], name="Changed")
    client.datasets.download(made.id, to=tmp_path / "back")
    assert (tmp_path / "back" / "big.bin").read_bytes() == b"other"


def test_a_lost_answer_makes_no_second_dataset(
    connect: Connect, platform: Platform, token: str, folder: Path, tmp_path: Path
) -> None:
    """The platform made it, and this machine still thinks that it is asking."""
    client = connect()
    made = client.datasets.create([folder], name="Answer")
    used = "00000000-0000-4000-8000-000000000000"
    entry = {"draft": used, "before": made.id - 1, "is_asking": True, "files": {}, "touched": 9e9}
    place = tmp_path / "cache" / "uploads.json"
    place.write_text(json.dumps({f"{client.address} create Answer": entry}))
    assert client.datasets.create([folder], name="Answer").id == made.id
    assert json.loads(place.read_text()) == {}


def test_a_download_continues_and_is_verified(
    connect: Connect, wire: Wire, big: Path, tmp_path: Path
) -> None:
    client = connect()
    made = client.datasets.create([big], name="Download")
    [file] = client.datasets.files(made.id)
    target = tmp_path / "to"
    target.mkdir()
    part = part_of(target / "big.bin", file)
    part.write_bytes(big.read_bytes()[: 4 * MEGABYTE])
    seen: list[Progress] = []
    client.datasets.download(made.id, to=target, progress=seen.append)
    assert seen[0].resumed == 4 * MEGABYTE
    assert (target / "big.bin").read_bytes() == big.read_bytes()
    assert not part.exists()

    seen.clear()
    client.datasets.download(made.id, to=target, progress=seen.append)
    assert seen[0].resumed == file.size  # nothing fetched again

    (target / "big.bin").write_bytes(b"mine")
    assert refused(lambda: client.datasets.download(made.id, to=target)).code == "file_exists"
    part.write_bytes(b"x" * MEGABYTE)
    wrong = refused(lambda: client.datasets.download(made.id, to=target, overwrite=True))
    assert wrong.code == "bad_checksum"
    assert (target / "big.bin").read_bytes() == b"mine"
    client.datasets.download(made.id, to=target, overwrite=True)
    assert (target / "big.bin").read_bytes() == big.read_bytes()


def test_many_small_files_go_and_come_at_once(client: Client, tmp_path: Path) -> None:
    files = {f"c{number % 3}/{number}.txt": f"{number % 50}".encode() for number in range(200)}
    for path, data in files.items():
        (tmp_path / "many" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "many" / path).write_bytes(data)
    seen: list[Progress] = []
    made = client.datasets.create([tmp_path / "many"], name="Many", progress=seen.append)
    assert (seen[-1].files_done, seen[-1].done) == (200, sum(map(len, files.values())))
    places = client.datasets.download(made.id, to=tmp_path / "back")
    assert [place.relative_to(tmp_path / "back").as_posix() for place in places] == sorted(files)
    assert all((tmp_path / "back" / path).read_bytes() == data for path, data in files.items())
    assert not list((tmp_path / "back").rglob("*.part"))


def test_an_archive_is_unpacked(client: Client, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/a.txt", "a")
    (tmp_path / "all.zip").write_bytes(packed.getvalue())
    made = client.datasets.create([tmp_path / "all.zip"], name="Packed")
    done = client.datasets.unpack(made.id, "all.zip")
    assert (done.state, done.made_version) == ("done", 2)
    assert "in/a.txt" in "".join(file.path for file in client.datasets.files(made.id))


def test_refusals_say_what_is_wrong(
    connect: Connect, client: Client, folder: Path, tmp_path: Path
) -> None:
    assert refused(connect(token="lyt_wrong").me).status == 401
    assert refused(lambda: connect(token="不")).status == 401
    nowhere = connect(f"http://127.0.0.1:{free_ports(1)}")
    assert refused(nowhere.me).code == "unreachable"
    assert refused(lambda: connect("ftp://x")).code == "bad_address"
    bad = refused(lambda: client.datasets.create([folder], name="Bad", licence="no such!"))
    assert (bad.status, bad.field) == (400, "licence")
    (tmp_path / "empty").touch()
    for paths, code in (
        ([tmp_path / "empty"], "empty_file"),
        ([tmp_path / "nowhere"], "no_such_file"),
        ([folder, folder / "a.csv"], "same_place"),
    ):
        assert refused(lambda p=paths: client.datasets.create(p, name="Bad")).code == code
