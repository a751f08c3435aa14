"""Texts, pictures and archives; and workers that die."""

from __future__ import annotations

import io
import multiprocessing
import os
import random
import signal
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from lyceum import previews
from lyceum.previews import Look, Problem, workers
from lyceum.previews.inside import archives


def _kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _sleep() -> None:
    time.sleep(60)


def _take_everything() -> None:
    bytearray(64 << 30)


@pytest.mark.parametrize(
    ("work", "code"),
    [(_kill_myself, "crashed"), (_sleep, "too_slow"), (_take_everything, "crashed")],
)
def test_a_dead_worker_is_a_problem_and_the_next_one_works(work, code: str) -> None:
    found = workers.run(work, seconds=2)
    assert isinstance(found, Problem) and found.code == code
    assert workers.run(os.getpid, seconds=30) != os.getpid()


@pytest.mark.parametrize(
    ("name", "head", "look", "format_"),
    [
        ("a.CSV", b"", Look.TABLE, "csv"),
        ("x/y.tar.gz", b"", Look.ARCHIVE, "tar"),
        ("train", b"PAR1", Look.TABLE, "parquet"),
        ("README", b"hello", Look.TEXT, "text"),
        ("evil.svg", b"<svg>", Look.TEXT, "text"),
        ("page.html", b"<html>", Look.TEXT, "text"),
        (".csv", b"\0", Look.TABLE, "csv"),
        ("weights.bin", b"\0\1", Look.NONE, ""),
        ("csv", b"\0\1", Look.NONE, ""),
        ("a.txt", b"x\ty\n1\t2\n3\t4\n5", Look.TABLE, "csv"),
        ("a.txt", b"Well, yes\nno\nor, perhaps, not\n", Look.TEXT, "text"),
        ("a.json", b'{"a": 1}\n{"a": 2}\n{"a', Look.TABLE, "jsonl"),
        ("a.json", b'{\n "a": 1\n}\n', Look.TEXT, "text"),
    ],
)
def test_kinds(name: str, head: bytes, look: Look, format_: str) -> None:
    kind = previews.kind_of(name, head)
    assert (kind.look, kind.format) == (look, format_)


def test_a_text_is_cut_and_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("汉字".encode("gbk") * 1000)
    found = previews.text(path, limit=1001)
    assert found.is_cut and found.encoding == "gb18030" and found.text.startswith("汉字")
    path.write_bytes(b"")
    assert previews.text(path).problem == Problem("empty")


def test_thumbnails(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGBA", (2000, 1000), (255, 0, 0, 128)).save(path)
    found = previews.thumbnail(path, size=200)
    assert (found.width, found.height) == (2000, 1000)
    with Image.open(io.BytesIO(found.data)) as small:
        assert (small.size, small.format) == ((200, 100), "WEBP")
    path.write_bytes(b"no picture")
    assert previews.thumbnail(path).problem.code == "damaged_picture"


def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    found = previews.thumbnail(path)
    assert found.problem == Problem("too_large", {"pixels": 400_000_000})


def test_archives(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../up.txt", "x" * 1000)
        info = zipfile.ZipInfo("placeholder")
        info.filename = "数据.csv".encode("gbk").decode("cp437")
        archive.writestr(info, "a,b\n")
    found = previews.entries(packed, "zip")
    assert {entry.path for entry in found.entries} >= {"../up.txt"}
    assert (found.count, found.size) == (2, 1004)
    tarred = tmp_path / "a.tar.gz"
    with tarfile.open(tarred, "w:gz") as archive:
        archive.add(packed, "deep/a.zip")
    assert previews.entries(tarred, "tar").entries[0].path == "deep/a.zip"
    for format_ in ("zip", "tar", "rar"):
        broken = tmp_path / "broken"
        broken.write_bytes(b"PK\x03\x04" + bytes(100))
        assert previews.entries(broken, format_).problem.code == "damaged_archive"


def test_a_cut_archive_shows_what_comes_before(tmp_path: Path) -> None:
    packed = tmp_path / "a.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        for number in range(20):
            info = tarfile.TarInfo(f"{number}.bin")
            info.size = 50_000
            archive.addfile(info, io.BytesIO(random.Random(number).randbytes(info.size)))
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    found = previews.entries(packed, "tar")
    assert found.problem == Problem("cut_archive", {"count": len(found.entries)})
    assert 5 < len(found.entries) < 15


def test_names_in_gbk(tmp_path: Path) -> None:
    packed = tmp_path / "a.tar"
    with tarfile.open(packed, "w", encoding="gbk", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("训练/甲.csv"))
    assert previews.entries(packed, "tar").entries[0].path == "训练/甲.csv"


def test_what_a_parser_raises_is_a_problem() -> None:
    assert workers.run(int, "no number", seconds=20) == Problem("crashed")


def test_an_archive_that_takes_too_long_shows_its_first_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "a.tar"
    with tarfile.open(packed, "w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    monkeypatch.setattr(archives, "MOST_SECONDS", -1)
    assert archives.listing(packed, "tar").problem == Problem("long_archive", {"count": 0})


def test_a_worker_without_a_portal_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_GRACE_SECONDS", 0)

    def work() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # pytest's own, in a forked process
        workers._in_time(1, _sleep)

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(20)
    assert child.exitcode == -signal.SIGALRM
