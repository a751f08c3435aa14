"""Tasks from Python, against answers that a platform gives in its bad moments.

What it does against a whole platform is in tests/cli/test_task.py.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lyceum.sdk import Client, LyceumError, tasks

Answer = Callable[[BaseHTTPRequestHandler], None]


class Stage:
    """A platform that gives each of ``answers`` once, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[str] = []
        stage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stage.asked.append(self.path)
                stage.answers.pop(0)(self)

            def log_message(self, *_: Any) -> None:
                """Nothing: the test's output is for failures."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def client(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(tasks, "POLL_SECONDS", 0.01)
    with Client(stage.url, "lyt_x", patience=5) as made:
        yield made


def whole(content: bytes, status: int = 200, kind: str = "application/json") -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def cut(content: bytes) -> Answer:
    """Chunks without an end, as an archive that was being made when the portal went."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        handler.close_connection = True

    return answer


def piece(text: str, at: str, *, is_over: bool = False, skipped: bool = False) -> Answer:
    told = {"text": text, "next": at, "is_over": is_over, "skipped": skipped}
    return whole(json.dumps(told).encode())


def test_an_archive_that_was_cut_off_is_fetched_anew(
    stage: Stage, client: Client, tmp_path: Path
) -> None:
    stage.answers = [cut(b"half"), whole(b"{}", 503), whole(b"all of it", kind="application/gzip")]
    place = client.tasks.output(7, to=tmp_path / "new")
    assert place == tmp_path / "new" / "7_output.tar.gz"
    assert place.read_bytes() == b"all of it"
    assert list(place.parent.iterdir()) == [place]
    assert stage.asked == ["/api/v1/tasks/7/output"] * 3


def test_a_refusal_leaves_no_file(stage: Stage, client: Client, tmp_path: Path) -> None:
    stage.answers = [whole(b'{"code": "no_such_task", "title": "None."}', 404)]
    with pytest.raises(LyceumError, match="None") as refused:
        client.tasks.log_archive(7, to=tmp_path)
    assert refused.value.code == "no_such_task"
    assert list(tmp_path.iterdir()) == []


def test_following_waits_for_more_and_says_what_is_left_out(stage: Stage, client: Client) -> None:
    stage.answers = [
        piece("", ""),  # it is queued
        piece("a\n", "1/0:0:2"),
        piece("", "1/0:0:2"),
        piece("", "1/0:0:2"),
        piece("z\n", "1/0:5:9", skipped=True),
        piece("", "1/0:5:9", is_over=True),
    ]
    told = list(client.tasks.logs(7, follow=True, member="trainer-0"))
    assert told[0] == "a\n" and "left out" in told[1] and told[2:] == ["z\n"]
    assert stage.asked[-1] == "/api/v1/tasks/7/log?cursor=1%2F0%3A5%3A9&member=trainer-0"


def test_without_following_it_ends_where_the_log_does(stage: Stage, client: Client) -> None:
    stage.answers = [piece("a\n", "1/0:0:2"), piece("b\n", "1/0:0:4"), piece("", "1/0:0:4")]
    assert list(client.tasks.logs(7)) == ["a\n", "b\n"]
