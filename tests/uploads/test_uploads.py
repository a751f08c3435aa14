"""Files that arrive: whole, in pieces, and over a server that dies."""

from __future__ import annotations

import random
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from tests.uploads.portal import TOKEN, Portal
from tests.uploads.server import (
    MEGABYTE,
    PATCH,
    UploadsServer,
    append,
    client,
    create,
    metadata,
    offset,
    raw,
    sha256,
    tuspy,
    until,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.bin"
    path.write_bytes(random.Random(1).randbytes(5 * MEGABYTE + 13))
    return path


def test_a_file_arrives_in_chunks_with_its_hash(server: UploadsServer, file: Path) -> None:
    uploader = tuspy(server, file)
    uploader.upload()
    upload = uploader.url.rpartition("/")[2]
    data = file.read_bytes()
    assert (server.folder / upload).read_bytes() == data
    assert server.done(upload) == {"sha256": sha256(data), "size": len(data)}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_file_goes_on_after_the_server_died(
    server: UploadsServer, file: Path, number: signal.Signals
) -> None:
    uploader = tuspy(server, file)
    uploader.upload(stop_at=2 * MEGABYTE)
    server.stop(number)
    with pytest.raises((TusUploadFailed, TusCommunicationError)):
        uploader.upload_chunk()
    server.start()
    again = tuspy(server, file, url=uploader.url)
    assert again.offset == 2 * MEGABYTE
    again.upload()
    upload = uploader.url.rpartition("/")[2]
    assert server.done(upload)["sha256"] == sha256(file.read_bytes())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_dies_in_the_middle_of_a_request(
    server: UploadsServer, file: Path, number: signal.Signals
) -> None:
    data = file.read_bytes()
    upload = create(server, len(data))
    with raw(server, upload, Content_Length=str(len(data))) as connection:
        connection.sendall(data[: 3 * MEGABYTE])
        until(lambda: server.size(upload) > MEGABYTE)
        server.stop(number)
    server.start()
    at = offset(server, upload)
    assert MEGABYTE < at <= 3 * MEGABYTE
    assert append(server, upload, at, data[at:]).status_code == 204
    assert server.done(upload)["sha256"] == sha256(data)


def test_a_kill_between_the_last_byte_and_the_hash(server: UploadsServer, file: Path) -> None:
    """Every byte is there but nothing says so: asking for the place completes it."""
    data = file.read_bytes()
    upload = create(server, len(data))
    server.stop(signal.SIGKILL)
    (server.folder / upload).write_bytes(data)
    server.start()
    assert offset(server, upload) == len(data)
    assert server.done(upload) == {"sha256": sha256(data), "size": len(data)}


def test_bytes_come_with_the_creation(server: UploadsServer) -> None:
    body = {"Upload-Length": "6", "Content-Type": PATCH["Content-Type"]}
    with client(server.url) as http:
        answer = http.post("", content=b"abc", headers={**body, "Upload-Metadata": metadata()})
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "3")
    upload = answer.headers["Location"].removeprefix("/uploads/")
    assert server.done(upload) is None
    append(server, upload, 3, b"def")
    assert server.done(upload) == {"sha256": sha256(b"abcdef"), "size": 6}


def test_an_empty_file_is_complete_at_once(server: UploadsServer) -> None:
    upload = create(server, 0)
    assert server.done(upload) == {"sha256": sha256(b""), "size": 0}


def test_termination_leaves_nothing(server: UploadsServer, portal: Portal) -> None:
    upload = create(server, 6)
    append(server, upload, 0, b"abc")
    with client(server.url) as http:
        assert http.delete(upload).status_code == 204
        assert http.head(upload).status_code == 404
    assert list(server.folder.iterdir()) == []
    assert portal.owners == {}


def test_two_senders_at_once_spoil_nothing(server: UploadsServer) -> None:
    """The later one takes over; who was too late is told, and the bytes are right."""
    data = random.Random(2).randbytes(4 * MEGABYTE)
    upload = create(server, len(data))
    with raw(server, upload, Content_Length=str(len(data))) as first:
        first.sendall(data[:MEGABYTE])
        until(lambda: server.size(upload) == MEGABYTE)
        second = append(server, upload, 0, data)
        assert second.status_code == 409
        assert second.json()["code"] == "offset_conflict"
        assert first.recv(4096).startswith(b"HTTP/1.1 204 ")
    at = offset(server, upload)
    assert append(server, upload, at, data[at:]).status_code == 204
    assert server.done(upload)["sha256"] == sha256(data)


def test_the_portal_hears_who_asks(server: UploadsServer, portal: Portal) -> None:
    asker = {"Accept-Language": "en", "Origin": "http://127.0.0.1:8000", "X-Lyceum-Internal": "x"}
    upload = create(server, 3, Authorization="Bearer abc", **asker)
    path, headers, asked = portal.heard[-1]
    assert path == "/internal/uploads/"
    wanted = {"id": upload, "draft": "a-draft", "path": "train/a.csv", "size": 3}
    assert asked == {"uploads": [wanted]}
    assert headers["cookie"] == "user=alice"
    assert headers["authorization"] == "Bearer abc"
    assert headers["accept-language"] == "en"
    assert headers["origin"] == asker["Origin"]
    assert headers["x-lyceum-internal"] == TOKEN
    append(server, upload, 0, b"abc")
    assert portal.heard[-1][0] == f"/internal/uploads/{upload}/access"
    assert portal.heard[-1][2] == {"method": "PATCH"}


def test_what_comes_while_the_portal_is_asked_is_asked_together(
    server: UploadsServer, portal: Portal
) -> None:
    sizes = [*range(1, 15), 2 << 30]
    portal.may_answer.clear()
    with ThreadPoolExecutor(16) as at_once, client(server.url, "bob") as other:

        def post(size: int, http: httpx.Client) -> int:
            headers = {"Upload-Length": str(size), "Upload-Metadata": metadata()}
            return http.post("", headers=headers).status_code

        with client(server.url) as http:
            begun = [at_once.submit(post, size, http) for size in sizes]
            others = at_once.submit(post, 3, other)
            until(lambda: len(portal.heard) == 2)  # one question for each of the two
            until(lambda: server.connections == len(sizes) + 1)
            portal.may_answer.set()
            assert [each.result() for each in begun] == [*[201] * 14, 413]
            assert others.result() == 201
    asked = [body["uploads"] for _path, _headers, body in portal.heard]
    assert sorted(each["size"] for uploads in asked for each in uploads) == sorted([3, *sizes])
    assert len(asked) < len(sizes)
    assert all(
        each["size"] == 3 for _, headers, body in portal.heard
        if headers["cookie"] == "user=bob" for each in body["uploads"]
    )  # fmt: skip
    assert sorted(portal.owners.values()) == [*["alice"] * 14, "bob"]


def test_a_portal_that_is_down_stops_only_what_begins(
    server: UploadsServer, portal: Portal
) -> None:
    data = random.Random(3).randbytes(2 * MEGABYTE)
    upload = create(server, len(data))
    with raw(server, upload, Content_Length=str(len(data))) as connection:
        connection.sendall(data[:MEGABYTE])
        until(lambda: server.size(upload) == MEGABYTE)
        portal.stop()
        with client(server.url) as http:
            refused = http.head(upload)
            begun = http.post("", headers={"Upload-Length": "3", "Upload-Metadata": metadata()})
        assert (refused.status_code, begun.status_code) == (503, 503)
        assert begun.json()["code"] == "portal_unreachable"
        connection.sendall(data[MEGABYTE:])
        assert connection.recv(4096).startswith(b"HTTP/1.1 204 ")
    assert server.done(upload)["sha256"] == sha256(data)


def test_the_server_says_what_it_can(server: UploadsServer) -> None:
    answer = httpx.options(server.url)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "termination",
    }
