"""Reading a task's log in pieces, searching it, following it, packing it."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import tarfile
import tracemalloc

import pytest

from lyceum.engine.logfile import DROPPED, RunLog
from lyceum.tasks import archives, folders, logs, logsearch, logstream
from lyceum.tasks.models import Task


@pytest.fixture
def task(db):
    """A task that has ended, archived, with two trainers and a parameter server."""
    task = Task(pk=12, trainers=2, pservers=1, attempt=1, state="succeeded", archived=True)
    folders.logs(12).mkdir(parents=True)
    return task


def write(task, text: str | bytes, *, attempt: int = 1, node: str = "here") -> None:
    data = text.encode() if isinstance(text, str) else text
    (folders.logs(task.pk) / f"{attempt}-{node}.log").write_bytes(data)


def opened(task, attempt: int = 1, node: int = 0):
    return logs.opened(logs.sources_of(task, attempt)[node])


def lines(count: int, *, wide: int = 60) -> str:
    names = ("trainer-0", "trainer-1", "pserver-0")
    return "".join(f"[{names[n % 3]}] step {n} {'x' * wide}\n" for n in range(count))


def all_forward(log, **options) -> str:
    place, found = 0, []
    while place < log.size:
        piece = logs.after(log, place, **options)
        assert piece.start == place < piece.end
        found.append(piece.text)
        place = piece.end
    return "".join(found)


def all_backward(log, **options) -> str:
    place, found = log.size, []
    while place > 0:
        piece = logs.before(log, place, **options)
        assert piece.end == place > piece.start
        found.append(piece.text)
        place = piece.start
    return "".join(found[::-1])


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 20_000])
def test_pieces_make_up_the_whole_log_in_both_directions(task, count):
    text = lines(count)
    write(task, text)
    with opened(task) as log:
        assert all_forward(log) == text
        assert all_backward(log) == text


def test_pieces_of_one_member_hold_its_lines_alone(task):
    text = lines(5000)
    write(task, text)
    wanted = "".join(line for line in text.splitlines(True) if line.startswith("[pserver-0] "))
    with opened(task) as log:
        assert all_forward(log, member="pserver-0") == wanted
        assert all_backward(log, member="pserver-0") == wanted
        assert all_forward(log, member="trainer-7") == ""


def test_a_piece_is_small_whatever_the_lines_are(task):
    write(task, ("[trainer-0] " + "y" * 60_000 + "\n") * 40)
    with opened(task) as log:
        assert len(logs.after(log, 0).text) <= logs.PIECE_BYTES + logs.LINE_BYTES
        assert len(logs.before(log, log.size).text) <= logs.PIECE_BYTES + logs.LINE_BYTES


def test_a_line_that_is_being_written_waits_until_it_is_there(task):
    write(task, "[trainer-0] whole\n[trainer-0] half")
    with opened(task) as log:
        piece = logs.after(log, 0)
        assert piece.text == "[trainer-0] whole\n"
        assert logs.after(log, piece.end).end == piece.end < log.size
        assert logs.after(log, piece.end, unfinished=True).text == "[trainer-0] half"


def test_output_without_any_line_end_is_given_in_blocks(task):
    write(task, b"z" * 1_000_000)
    with opened(task) as log:
        assert len(all_forward(log, unfinished=True)) == 1_000_000
        assert len(all_backward(log)) == 1_000_000


def test_other_ends_of_lines_are_text(task):
    text = "[trainer-0] a\x0bb\x0cc\rd\u2028e\n[trainer-0] f\n"
    write(task, text)
    with opened(task) as log:
        assert all_forward(log) == all_backward(log) == text


def run_log(task, cap: int) -> RunLog:
    folder = folders.logs(task.pk)
    log = RunLog(str(folder), cap)
    return log


def as_archived(task) -> None:
    folder = folders.logs(task.pk)
    for name in ("log", "log.1"):
        if (folder / name).exists():
            os.replace(folder / name, folder / f"1-here.{name}")


def test_two_files_are_read_as_one(task):
    text = lines(30)
    shim = run_log(task, len(text) * 3 // 2)  # so the second file begins within a line
    shim.write(text.encode())
    as_archived(task)
    assert (folders.logs(12) / "1-here.log.1").exists()
    with opened(task) as log:
        assert log.epoch == "0"
        assert all_forward(log) == text


def test_what_was_dropped_is_said_first_and_offsets_are_others_then(task):
    shim = run_log(task, 20_000)
    text = lines(1000)
    shim.write(text.encode())
    as_archived(task)
    with opened(task) as log:
        told = all_forward(log)
        assert log.epoch != "0"
    kept = told.removeprefix(DROPPED.decode())
    assert DROPPED.decode() not in kept
    assert text.endswith(kept)
    assert kept.startswith("[")
    assert 9_000 < len(kept) <= 20_000


def test_a_log_that_is_renamed_while_it_is_opened_is_read_whole(task, monkeypatch):
    folder = folders.logs(12)
    write(task, "[trainer-0] old\n")
    opening = logs._open_older
    renamed = []

    def rename_first(source):
        if not renamed:
            renamed.append(True)
            os.replace(source.newest, source.older)
            (folder / "1-here.log").write_text("[trainer-0] new\n")
        return opening(source)

    monkeypatch.setattr(logs, "_open_older", rename_first)
    with opened(task) as log:
        assert all_forward(log) == "[trainer-0] old\n[trainer-0] new\n"


def test_a_search_finds_each_line_once(task):
    write(task, "[trainer-0] Loss loss\n[trainer-1] \x1b[31mlo\x1b[0mss\n[lyceum] x\n训练 LOSS\n")
    with opened(task) as log:
        found = logsearch.search(log, "loss")
        assert [hit.member for hit in found.hits] == ["trainer-0", "trainer-1", ""]
        assert found.end is None
        assert [hit.member for hit in logsearch.search(log, "训练").hits] == [""]
        assert [logs.after(log, hit.offset).text[:11] for hit in found.hits] == [
            "[trainer-0]",
            "[trainer-1]",
            "训练 LOSS\n",
        ]
        only = logsearch.search(log, "loss", member="trainer-1")
        assert [hit.member for hit in only.hits] == ["trainer-1"]
        assert not logsearch.search(log, "").hits


def test_a_search_over_much_goes_on_where_it_stopped(task, monkeypatch):
    monkeypatch.setattr(logsearch, "HITS", 100)
    monkeypatch.setattr(logsearch, "SEARCH_BYTES", 300_000)
    write(task, lines(20_000))
    with opened(task) as log:
        offsets, place = [], 0
        while place is not None:
            found = logsearch.search(log, "step 1", start=place)
            assert len(found.hits) <= 100
            offsets += [hit.offset for hit in found.hits]
            place = found.end
        wanted = [n for n in range(20_000) if str(n).startswith("1")]
        assert len(offsets) == len(set(offsets)) == len(wanted)
        assert log.read(offsets[-1], 22) == b"[trainer-1] step 19999"


def test_random_logs_are_read_the_same_in_every_way(task):
    """Lines of every length, with blocks' ends anywhere in them."""
    dice = random.Random(5)
    for _round in range(5):
        text = "".join(
            f"[trainer-{dice.randrange(2)}] {'é' * dice.choice([0, 1, 40, 30_000])}\n"
            for _line in range(200)
        )
        write(task, text)
        with opened(task) as log:
            assert all_forward(log) == all_backward(log) == text
            for offset in (dice.randrange(log.size) for _each in range(50)):
                begin = log.line_at(offset)
                assert begin <= offset
                assert log.read(begin, 9) == b"[trainer-"


def test_a_log_that_is_being_put_away_is_waited_for(task, monkeypatch):
    tail = logstream.Tail(1, {0: ("0", 0)})
    write(task, "[trainer-0] a\n")
    (folders.logs(12) / "1-here.log").rename(folders.logs(12) / "away")
    monkeypatch.setattr(
        logs,
        "sources_of",
        lambda *_which: [logs.Source(1, 0, "here", folders.logs(12) / "no.log")],
    )
    assert tail.look(task, has_ended=True) == []
    assert tail.has_missed


def test_the_logs_of_a_run_are_found_by_its_engine(task, monkeypatch, tmp_path):
    class Engine:
        def logs(self, run_id):
            assert run_id == "task-12-1"
            return [("b", [tmp_path / "b" / "log.1"]), ("c", []), ("a", [tmp_path / "a" / "log"])]

    monkeypatch.setattr(logs, "task_engine", Engine)
    task.archived = False
    found = logs.sources_of(task, 1)
    assert [(each.node, each.name, each.newest.name) for each in found] == [
        (0, "a", "log"),
        (1, "b", "log"),
    ]


async def events_of(task, cursors, attempt: int = 1) -> list[tuple[str, dict]]:
    found = []
    async for event in logstream.follow(task, attempt, cursors):
        parts = dict(line.split(": ", 1) for line in event.strip().splitlines())
        found.append((parts["event"], json.loads(parts["data"])))
    return found


def test_a_stream_tells_all_that_is_there_and_ends(task):
    text = lines(3000)
    write(task, text)
    events = asyncio.run(events_of(task, {0: ("0", 0)}))
    assert "".join(data["text"] for name, data in events if name == "lines") == text
    assert events[-1] == ("end", {"state": "succeeded"})


def test_a_stream_goes_on_where_a_reader_lost_it(task):
    text = lines(3000)
    write(task, text)
    tail = logstream.Tail(1, {0: ("0", 0)})
    first = tail.look(task, has_ended=True)[0]
    attempt, cursors = logstream.read_id(first.id)
    rest = asyncio.run(events_of(task, cursors, attempt))
    told = first.data["text"] + "".join(data["text"] for name, data in rest if name == "lines")
    assert told == text


def test_a_stream_takes_a_reader_who_is_far_behind_to_the_end(task, monkeypatch):
    monkeypatch.setattr(logstream, "BEHIND_BYTES", 10_000)
    write(task, lines(3000))
    events = asyncio.run(events_of(task, {0: ("0", 0)}))
    assert [name for name, _data in events] == ["reset", "end"]
    epoch = asyncio.run(events_of(task, {0: ("other", 0)}))
    assert epoch[0][0] == "reset"


@pytest.mark.parametrize("word", ["", "1", "x/0:0:0", "1/0:0", "1/0:0:x", "1/0:0:" + "9" * 30])
def test_an_id_that_is_none_of_ours_is_refused(word):
    assert logstream.read_id(word) is None


def unpacked(chunks) -> dict[str, bytes | str]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks)), mode="r:gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            found[member.name] = file.read() if file else member.linkname
    return found


def test_the_log_is_packed_by_member(task):
    write(task, "[lyceum] begins\n" + lines(3, wide=0) + "odd\n[trainer-0] end\n")
    assert archives.log_name(12) == "12_log.tar.gz"
    assert unpacked(archives.log_archive(task)) == {
        "trainer-0.log": b"step 0 \nend\n",
        "trainer-1.log": b"step 1 \n",
        "pserver-0.log": b"step 2 \n",
        "lyceum.log": b"[lyceum] begins\nodd\n",
    }


def test_several_attempts_and_nodes_are_packed_apart(task):
    task.attempt = 2
    write(task, "[trainer-0] a\n", attempt=1, node="n1")
    write(task, "[trainer-0] b\n", attempt=2, node="n1")
    write(task, "[trainer-1] c\n[lyceum] d\n", attempt=2, node="n2")
    found = unpacked(archives.log_archive(task))
    assert found == {
        "attempt-1/trainer-0.log": b"a\n",
        "attempt-1/lyceum.log": b"",
        "attempt-2/trainer-0.log": b"b\n",
        "attempt-2/lyceum-n1.log": b"",
        "attempt-2/trainer-1.log": b"c\n",
        "attempt-2/lyceum-n2.log": b"[lyceum] d\n",
    }


def test_packing_a_long_log_needs_little_memory(task):
    write(task, lines(300_000))
    tracemalloc.start()
    try:
        sent = sum(len(chunk) for chunk in archives.log_archive(task))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent
    assert most < 16_000_000


def test_the_output_is_packed_as_it_is(task):
    root = folders.output(12)
    (root / "log").mkdir(parents=True)
    (root / "log" / "模型.txt").write_text("loss")
    (root / "big").write_bytes(os.urandom(3_000_000))
    (root / "run.sh").write_text("true")
    (root / "run.sh").chmod(0o700)
    (root / "latest").symlink_to("log/模型.txt")
    (root / "log" / "up").symlink_to("../big")
    found = unpacked(archives.output_archive(task))
    assert found.pop("output/big") == (root / "big").read_bytes()
    assert found == {
        "output/log/模型.txt": b"loss",
        "output/run.sh": b"true",
        "output/latest": "log/模型.txt",
        "output/log/up": "../big",
    }


def test_nothing_outside_of_the_output_is_packed(task, tmp_path):
    root = folders.output(12)
    root.mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (root / "a").symlink_to(tmp_path / "secret")
    (root / "b").symlink_to("../../../secret")
    (root / "c").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    assert unpacked(archives.output_archive(task)) == {}


def test_an_output_that_does_not_exist_is_an_empty_archive(task):
    assert unpacked(archives.output_archive(task)) == {}


def test_a_file_that_shrinks_while_it_is_packed_keeps_the_archive_whole(task, monkeypatch):
    root = folders.output(12)
    root.mkdir(parents=True)
    (root / "a").write_bytes(b"1" * 5000)
    (root / "z").write_text("after")
    monkeypatch.setattr(archives, "_read", lambda file: iter([file.read(10)]))
    found = unpacked(archives.output_archive(task))
    assert found["output/a"] == b"1" * 10 + bytes(4990)
    assert found["output/z"] == b"after"
