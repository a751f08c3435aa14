"""Requests that lie, pry or break off: a clear refusal, or an upload that can go on."""

from __future__ import annotations

import random

import httpx
import pytest

from tests.uploads.portal import LARGEST, Portal
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
    until,
)

DATA = random.Random(4).randbytes(2 * MEGABYTE)


def begin(server: UploadsServer, user: str = "alice", **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with client(server.url, user) as http:
        return http.post("", headers=given)


def test_another_user_reaches_nothing_of_an_upload(server: UploadsServer) -> None:
    upload = create(server, len(DATA))
    append(server, upload, 0, DATA[:10])
    with client(server.url, "mallory") as http:
        answers = [
            http.head(upload),
            http.patch(upload, content=b"x", headers={**PATCH, "Upload-Offset": "10"}),
            http.delete(upload),
        ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert answers[1].json()["code"] == "no_such_upload"
    assert server.size(upload) == 10


def test_who_is_not_logged_in_uploads_nothing(server: UploadsServer) -> None:
    answer = begin(server, user="", Upload_Length="3", Upload_Metadata=metadata())
    assert answer.status_code == 401
    assert answer.json()["code"] == "login_required"
    assert list(server.folder.iterdir()) == []


def test_the_portals_refusal_reaches_the_client(server: UploadsServer) -> None:
    answer = begin(server, Upload_Length=str(LARGEST + 1), Upload_Metadata=metadata())
    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json() == {
        "code": "file_too_large",
        "message": "“大” is too large.",
        "field": "files",
    }
    assert list(server.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload_Defer_Length": "1", "Upload_Metadata": metadata()}, 501),
        ({"Upload_Metadata": metadata()}, 400),
        ({"Upload_Length": "-1", "Upload_Metadata": metadata()}, 400),
        ({"Upload_Length": "1e400", "Upload_Metadata": metadata()}, 400),
        ({"Upload_Length": "3"}, 400),
        ({"Upload_Length": "3", "Upload_Metadata": "draft !!,path"}, 400),
        ({"Upload_Length": "3", "Upload_Metadata": metadata(path="")}, 400),
        ({"Upload_Length": "3", "Upload_Metadata": metadata(), "Tus_Resumable": "0.2"}, 400),
        ({"Upload_Length": "3", "Upload_Metadata": metadata(), "Upload_Concat": "partial"}, 501),
    ],
)
def test_a_creation_that_is_wrong(
    server: UploadsServer, headers: dict[str, str], status: int
) -> None:
    answer = begin(server, **headers)
    assert answer.status_code == status
    assert answer.json()["message"]
    assert list(server.folder.iterdir()) == []


def test_a_creation_that_lies_about_its_bytes_leaves_nothing(
    server: UploadsServer, portal: Portal
) -> None:
    headers = {"Content-Type": PATCH["Content-Type"], "Upload-Metadata": metadata()}
    with client(server.url) as http:
        answer = http.post("", content=b"abcdef", headers={**headers, "Upload-Length": "3"})
    assert answer.status_code == 413
    assert list(server.folder.iterdir()) == []
    assert portal.owners == {}


def test_a_promise_of_more_than_the_file_has(server: UploadsServer) -> None:
    upload = create(server, 10)
    answer = append(server, upload, 0, b"x" * 11)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_bytes")
    assert offset(server, upload) == 0


def test_more_bytes_than_the_file_has_without_a_promise(server: UploadsServer) -> None:
    upload = create(server, len(DATA))
    with client(server.url) as http:
        pieces = iter([DATA, b"and more"])
        headers = {**PATCH, "Upload-Offset": "0"}
        answer = http.patch(upload, content=pieces, headers=headers)
    assert answer.status_code == 413
    at = offset(server, upload)
    assert at <= len(DATA)
    append(server, upload, at, DATA[at:])
    assert server.done(upload)["sha256"] == sha256(DATA)


def test_nothing_is_added_to_a_complete_file(server: UploadsServer) -> None:
    upload = create(server, 3)
    append(server, upload, 0, b"abc")
    (server.folder / upload).chmod(0o444)  # as the portal leaves it
    with client(server.url) as http:
        headers = {**PATCH, "Upload-Offset": "3"}
        assert http.patch(upload, content=iter([b"d"]), headers=headers).status_code == 413
    assert append(server, upload, 3, b"d").status_code == 413
    assert append(server, upload, 3, b"").status_code == 204
    assert (server.folder / upload).read_bytes() == b"abc"


def test_fewer_bytes_than_promised(server: UploadsServer) -> None:
    """The sender is gone: what came counts, and the upload goes on from there."""
    upload = create(server, len(DATA))
    with raw(server, upload, Content_Length=str(len(DATA))) as connection:
        connection.sendall(DATA[: MEGABYTE + 7])
        until(lambda: server.size(upload) == MEGABYTE + 7)
    assert offset(server, upload) == MEGABYTE + 7
    append(server, upload, MEGABYTE + 7, DATA[MEGABYTE + 7 :])
    assert server.done(upload)["sha256"] == sha256(DATA)


def test_a_sender_that_stalls_makes_way(server: UploadsServer) -> None:
    """A lost connection looks like this: the next request need not wait for it."""
    upload = create(server, len(DATA))
    with raw(server, upload, Content_Length=str(len(DATA))) as stalled:
        stalled.sendall(DATA[:1000])
        until(lambda: server.size(upload) == 1000)
        assert offset(server, upload) == 1000
        append(server, upload, 1000, DATA[1000:])
    assert server.done(upload)["sha256"] == sha256(DATA)


def test_a_refused_sender_reads_why(server: UploadsServer) -> None:
    """Much more was on its way than any buffer holds; the answer still arrives."""
    size = 64 * MEGABYTE
    upload = create(server, size)
    with client(server.url) as http:
        pieces = (DATA for _ in range(size // len(DATA)))
        headers = {**PATCH, "Upload-Offset": "5", "Content-Length": str(size)}
        answer = http.patch(upload, content=pieces, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "offset_conflict")


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "..%2f..%2fetc%2fpasswd",
        "../secrets.json",
        f"{'a' * 32}.json",
        f"{'A' * 32}",
        f"{'a' * 32}/b",
        f"{'a' * 31}%00",
    ],
)
@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_only_ids_reach_the_disk(server: UploadsServer, method: str, path: str) -> None:
    with client(server.url) as http:
        request = http.build_request(method, "x", headers={**PATCH, "Upload-Offset": "0"})
        request.url = request.url.copy_with(raw_path=f"/uploads/{path}".encode())
        assert http.send(request).status_code == 404


def test_an_id_in_the_query_is_not_an_id(server: UploadsServer, portal: Portal) -> None:
    upload = create(server, 3)
    with client(server.url) as http:
        http.head(f"{upload}?x=/{'f' * 32}")
    assert portal.heard[-1][0] == f"/internal/uploads/{upload}/access"


def test_uploads_cannot_be_read_here(server: UploadsServer) -> None:
    upload = create(server, 3)
    append(server, upload, 0, b"abc")
    with client(server.url) as http:
        assert http.get(upload).status_code == 405
        assert http.get("").status_code == 405
        assert http.post(upload, headers={"Upload-Length": "3"}).status_code == 405


def test_no_other_origin_is_let_in(server: UploadsServer) -> None:
    asks = {
        "Origin": "http://evil.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "tus-resumable",
    }
    for answer in (httpx.options(server.url, headers=asks), begin(server, Origin=asks["Origin"])):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_tls_proxy_in_front_is_no_error(server: UploadsServer) -> None:
    answer = begin(
        server,
        Upload_Length="3",
        Upload_Metadata=metadata(),
        X_Forwarded_Proto="https,http",
        X_Forwarded_Host="learn.example",
    )
    assert answer.status_code == 201
    assert answer.headers["Location"].startswith("/uploads/")


@pytest.mark.parametrize(
    ("language", "word"), [("en-GB,zh;q=0.5", "resume"), ("zh-CN,en", "上传"), ("fr", "上传")]
)
def test_refusals_are_in_the_readers_language(
    server: UploadsServer, language: str, word: str
) -> None:
    upload = create(server, 3)
    with client(server.url) as http:
        headers = {**PATCH, "Upload-Offset": "1", "Accept-Language": language}
        answer = http.patch(upload, content=b"x", headers=headers)
    assert word in answer.json()["message"]


def test_a_full_disk_is_said(server: UploadsServer) -> None:
    """``RLIMIT_FSIZE`` would be a signal; a device that is always full is not."""
    upload = create(server, 3)
    (server.folder / upload).unlink()
    (server.folder / upload).symlink_to("/dev/full")
    answer = append(server, upload, 0, b"abc")
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert server.done(upload) is None
