"""A dataset's bytes over the real ASGI server: ranges, resuming, zips, flat memory."""

from __future__ import annotations

import email
import hashlib
import io
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from django.test import Client

from lyceum.accounts.models import User
from lyceum.datasets import actions, queries
from lyceum.datasets.models import Dataset

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = bytes(range(256)) * 800  # more than three of the server's chunks
_MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "home"))


@pytest.fixture
def server() -> Iterator[httpx.Client]:
    """The portal's own ASGI application, served by uvicorn."""
    from lyceum.portal.asgi import application

    config = uvicorn.Config(application, host="127.0.0.1", port=0, log_level="error")
    served = uvicorn.Server(config)
    thread = threading.Thread(target=served.run, daemon=True)
    thread.start()
    while not served.started:
        time.sleep(0.01)
    host, port = served.servers[0].sockets[0].getsockname()
    with httpx.Client(base_url=f"http://{host}:{port}", timeout=60, trust_env=False) as client:
        yield client
    served.should_exit = True
    thread.join(10)


@pytest.fixture
def owner(transactional_db: None) -> User:
    return User.objects.create_user("owner")


def make(owner: User, tmp_path: Path, files: dict[str, bytes], **fields: object) -> Dataset:
    fields = {"visibility": Dataset.Visibility.SHARED, **fields}
    dataset = Dataset.objects.create(owner=owner, name="Weather", **fields)
    sources = {}
    for number, (path, data) in enumerate(files.items()):
        sources[path] = tmp_path / f"source-{number}"
        sources[path].write_bytes(data)
    actions.add_files_version(dataset, files=sources, note="")
    return dataset


@pytest.fixture
def address(owner: User, tmp_path: Path) -> str:
    dataset = make(owner, tmp_path, {"训练/a b.bin": TEXT})
    return f"/datasets/{dataset.pk}/versions/1/files/训练/a b.bin"


def test_the_whole_file_as_an_attachment_that_says_what_it_is(server, address):
    answer = server.get(address)
    assert (answer.status_code, answer.content) == (200, TEXT)
    assert answer.headers["etag"] == f'"{hashlib.sha256(TEXT).hexdigest()}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(TEXT))
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20b.bin"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "x-lyceum-sent-file" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("0-0", 0, 1),
        ("0-99", 0, 100),
        ("100-", 100, len(TEXT)),
        ("-10", len(TEXT) - 10, len(TEXT)),
        ("204799-900000", 204_799, len(TEXT)),
        ("65535-131072", 65_535, 131_073),
    ],
)
def test_a_range(server, address, asked, start, end):
    answer = server.get(address, headers={"Range": f"bytes={asked}"})
    assert (answer.status_code, answer.content) == (206, TEXT[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(TEXT)}"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_several_ranges_come_as_parts(server, address):
    answer = server.get(address, headers={"Range": "bytes=0-4, 1000-1009, -3"})
    assert answer.status_code == 206
    kind = answer.headers["content-type"]
    assert kind.startswith("multipart/byteranges")
    parts = email.message_from_bytes(b"Content-Type: %s\r\n\r\n" % kind.encode() + answer.content)
    assert [part["Content-Range"] for part in parts.get_payload()] == [
        f"bytes {start}-{end}/{len(TEXT)}"
        for start, end in ((0, 4), (1000, 1009), (len(TEXT) - 3, len(TEXT) - 1))
    ]
    assert TEXT[1000:1010] in answer.content
    assert len(answer.content) == int(answer.headers["content-length"])


def test_a_range_past_the_end_can_not_be_satisfied(server, address):
    answer = server.get(address, headers={"Range": f"bytes={len(TEXT)}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(TEXT)}")


@pytest.mark.parametrize("asked", ["items=0-5", "bytes=x-5", "bytes=", "bytes=5", "nonsense"])
def test_what_is_no_range_is_ignored(server, address, asked):
    answer = server.get(address, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, TEXT)


def test_resuming_only_what_is_still_the_same(server, address):
    etag = server.head(address).headers["etag"]
    same = server.get(address, headers={"Range": "bytes=10-", "If-Range": etag})
    assert (same.status_code, same.content) == (206, TEXT[10:])
    other = server.get(address, headers={"Range": "bytes=10-", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, TEXT)
    known = server.get(address, headers={"If-None-Match": etag})
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["etag"] == etag


def test_a_head_has_the_headers_alone(server, address):
    answer = server.head(address)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(TEXT))
    part = server.head(address, headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.headers["content-length"]) == (206, "10")


def test_an_empty_file(server, owner, tmp_path):
    dataset = make(owner, tmp_path, {"empty": b""})
    path = f"/datasets/{dataset.pk}/versions/1/files/empty"
    assert (server.get(path).status_code, server.get(path).content) == (200, b"")
    assert server.get(path, headers={"Range": "bytes=0-"}).status_code == 416


def test_a_lost_file_and_unknown_ones_are_not_found(server, owner, tmp_path):
    dataset = make(owner, tmp_path, {"a": b"x"})
    (queries.version_folder(dataset.pk, 1) / "a").unlink()
    for path in ("files/a", "files/b", "files/../1/a", "files/"):
        answer = server.get(f"/datasets/{dataset.pk}/versions/1/{path}")
        assert answer.status_code == 404, path
    assert server.get(f"/datasets/{dataset.pk}/versions/2/files/a").status_code == 404


@pytest.mark.parametrize("lost", ["private", "trash"])
def test_others_get_no_byte_of_what_they_may_not_see(server, owner, tmp_path, lost):
    dataset = make(owner, tmp_path, {"a": b"secret"})
    if lost == "private":
        actions.edit_dataset(owner, dataset.pk, visibility="private")
    else:
        actions.delete_dataset(owner, dataset.pk, typed_name="Weather")
    session = Client()
    session.force_login(owner)
    mine = {"Cookie": "; ".join(f"{c.key}={c.value}" for c in session.cookies.values())}
    for path in ("files/a", "zip/"):
        address = f"/datasets/{dataset.pk}/versions/1/{path}"
        assert server.get(address).status_code == 404
        assert b"secret" not in server.get(address).content
        assert server.head(address).status_code == 404
        assert server.get(address, headers=mine).status_code == (200 if lost == "private" else 404)


def test_a_large_file_costs_no_memory(server, owner, tmp_path):
    dataset = make(owner, tmp_path, {"small": b"x"})
    path = queries.version_folder(dataset.pk, 1) / "small"
    with open_hole(path, 300 * _MEGABYTE):
        before, most, received = resident(), 0, 0
        with server.stream("GET", f"/datasets/{dataset.pk}/versions/1/files/small") as answer:
            for chunk in answer.iter_raw():
                received += len(chunk)
                most = max(most, resident())
    assert received == 300 * _MEGABYTE
    assert most - before < 50 * _MEGABYTE


def test_a_zip_is_streamed_with_its_length_known_before(server, owner, tmp_path):
    files = {"训练/a.csv": TEXT, "b/ c.bin": os.urandom(3 * _MEGABYTE), "empty": b""}
    dataset = make(owner, tmp_path, files)
    address = f"/datasets/{dataset.pk}/versions/1/zip/"
    answer = server.get(address)
    assert answer.headers["content-type"] == "application/zip"
    name = f"data{dataset.pk}_v1.zip"
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert answer.headers["content-length"] == str(len(answer.content))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert {each: archive.read(each) for each in archive.namelist()} == files
    head = server.head(address)
    assert head.headers["content-length"] == answer.headers["content-length"]


def test_a_large_zip_costs_no_memory_and_may_be_left(server, owner, tmp_path):
    dataset = make(owner, tmp_path, {"small": b"x"})
    path = queries.version_folder(dataset.pk, 1) / "small"
    address = f"/datasets/{dataset.pk}/versions/1/zip/"
    with open_hole(path, 300 * _MEGABYTE):
        before, most, received = resident(), 0, 0
        with server.stream("GET", address) as answer:
            for chunk in answer.iter_raw():
                received += len(chunk)
                most = max(most, resident())
        assert received == int(answer.headers["content-length"]) > 300 * _MEGABYTE
        assert most - before < 50 * _MEGABYTE
        with server.stream("GET", address) as answer:
            next(answer.iter_raw())
    assert server.head(address).status_code == 200


@contextmanager
def open_hole(path: Path, size: int) -> Iterator[None]:
    """``path`` as a file of ``size`` zeros that takes no room, while the block lasts."""
    path.unlink()
    with path.open("wb") as file:
        file.truncate(size)
    yield
    path.write_bytes(b"x")


def resident() -> int:
    """Bytes of memory that this process, server and client, holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
