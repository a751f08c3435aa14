"""Archives unpacked in the sandbox: what arrives, and what is refused whole."""

from __future__ import annotations

import os
import struct
import subprocess
import tarfile
import time
import zlib

import pytest

from lyceum import unpacking
from lyceum.unpacking import State
from tests.unpacking import rars
from tests.unpacking.archives import (
    MB,
    deflated_zeros,
    member,
    raw_zip,
    tarred,
    zipped,
)
from tests.unpacking.conftest import BOUNDS, ended

pytestmark = pytest.mark.sandbox

FILES = {"a.csv": b"x,y\n1,2\n", "images/cat 猫.png": b"\x89PNG", "empty.txt": b""}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_of_any_compression_arrives_whole(unpack, mode):
    folder = member("./images", tarfile.DIRTYPE)
    done = unpack(tarred(folder, *((f"./{path}", FILES[path]) for path in FILES), mode=mode))
    assert done.look.state == State.DONE
    assert done.files == FILES
    assert (done.look.files, done.look.bytes) == (3, sum(map(len, FILES.values())))


def test_a_tar_by_zstandard_arrives_whole(unpack, tmp_path):
    (tmp_path / "plain.tar").write_bytes(tarred(*FILES.items(), mode="w"))
    packed = subprocess.run(["zstd", "-c", tmp_path / "plain.tar"], capture_output=True)
    if packed.returncode:
        pytest.skip("no zstd here")
    assert unpack(packed.stdout).files == FILES


def test_a_zip_arrives_whole(unpack):
    assert unpack(zipped({"images/": b"", **FILES})).files == FILES


def test_rars_arrive_whole(unpack):
    solid = unpack(rars.RAR5_SOLID)
    assert {path: len(content) for path, content in solid.files.items()} == {
        "stest1.txt": 2048,
        "stest2.txt": 2048,
    }
    assert set(unpack(rars.RAR4_UNICODE).files) == {"𝐀𝐁𝐁𝐂.txt", "уииоотивл.txt"}


@pytest.mark.parametrize(
    ("raw", "flags", "name"),
    [
        ("训练/数据.csv".encode("gbk"), 0, "训练/数据.csv"),
        ("训练/数据.csv".encode(), 0, "训练/数据.csv"),
        ("训练/数据.csv".encode(), 0x800, "训练/数据.csv"),
        ("café.csv".encode("cp437"), 0, "café.csv"),
        (b"windows\\made\\it.csv", 0, "windows/made/it.csv"),
        ("cafe\u0301.csv".encode(), 0x800, "caf\u00e9.csv"),
    ],
)
def test_names_are_read_as_they_were_meant(unpack, raw, flags, name):
    stored = raw_zip(raw, b"1", size=1, crc=zlib.crc32(b"1"), flags=flags, method=0)
    assert unpack(stored).files == {name: b"1"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../../x", "outside"),
        ("/etc/passwd", "outside"),
        ("a/../../x", "outside"),
        ("..\\..\\x", "outside"),
        ("C:\\Windows\\x", "outside"),
        ("a\x07b", "bad_name"),
        ("n" * 300, "long_name"),
        ("d/" * 40 + "x", "too_deep"),
    ],
)
@pytest.mark.parametrize("pack", [zipped, lambda files: tarred(*files.items())])
def test_a_place_that_may_not_be_refuses_the_archive(unpack, pack, name, code):
    done = unpack(pack({"fine.txt": b"1", name: b"2"}))
    assert done.look.code == code
    shown = name.replace("\x07", "�")
    shown = shown if len(shown) <= 120 else f"{shown[:120]}…"
    # libarchive has turned a zip's backslashes already.
    assert done.look.params["entry"] in (shown, shown.replace("\\", "/"))


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (member("evil", tarfile.SYMTYPE, "/etc/passwd"), "link"),
        (member("evil", tarfile.LNKTYPE, "fine.txt"), "link"),
        (member("evil", tarfile.CHRTYPE), "device"),
        (member("evil", tarfile.BLKTYPE), "device"),
        (member("evil", tarfile.FIFOTYPE), "device"),
    ],
)
def test_links_and_devices_in_a_tar_refuse_it(unpack, entry, code):
    assert unpack(tarred(("fine.txt", b"1"), entry, ("evil/x", b"2"))).refusal == (code, "evil")


def test_links_in_zip_and_rar_refuse_them(unpack):
    target = b"/etc/passwd"
    linked = raw_zip(b"evil", target, size=11, crc=zlib.crc32(target), method=0, mode=0o120777)
    assert unpack(linked).refusal == ("link", "evil")
    assert unpack(rars.RAR5_SYMLINK).refusal == ("link", "up")
    assert unpack(rars.RAR5_HARDLINK).refusal == ("link", "stest2.txt")


def test_a_bomb_that_says_its_size_is_refused_before_a_byte_is_written(unpack):
    bomb = raw_zip(b"zeros", deflated_zeros(1024), size=1024 * MB, crc=0)
    done = unpack(bomb, most_bytes=20_000 * MB)
    assert done.refusal == ("bomb", 200)
    assert done.look.bytes == done.left == 0


def test_a_10_gb_bomb_that_lies_is_stopped_early_and_leaves_nothing(unpack, home):
    bomb = raw_zip(b"zeros", deflated_zeros(10 * 1024), size=1000, crc=0)
    assert len(bomb) < 11 * MB
    done = unpack(bomb, most_bytes=20_000 * MB, most_files=5)
    assert done.refusal == ("bomb", 200)
    assert done.left <= len(bomb) * 200
    assert list((home / "unpackings").iterdir()) == []
    assert unpacking.running() == []


def test_a_10_gb_bomb_in_a_tar_is_stopped_early(unpack):
    about = tarfile.TarInfo("zeros")
    about.size = 10 * 1024 * MB
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(about.tobuf()) + packer.flush(zlib.Z_FULL_FLUSH)
    header = b"\x1f\x8b\x08\0\0\0\0\0\0\3"
    done = unpack(header + start + deflated_zeros(10 * 1024) + struct.pack("<II", 0, 0))
    assert done.refusal == ("too_large", 50 * MB)
    assert done.left <= 50 * MB


def test_sizes_that_lie_are_broken(unpack):
    content = os.urandom(1000)
    crc, stored = zlib.crc32(content), zlib.compress(content)[2:-4]
    for size in (10, 5000):
        assert unpack(raw_zip(b"a", stored, size=size, crc=crc)).refusal == ("broken", None)
    assert unpack(raw_zip(b"a", stored, size=1000, crc=crc ^ 1)).refusal == ("broken", None)


def test_files_and_bytes_beyond_the_limits_are_refused(unpack, monkeypatch):
    many = {f"{number}.txt": b"x" for number in range(6)}
    assert unpack(zipped(many), most_files=5).refusal == ("too_many_files", 5)
    assert unpack(tarred(*many.items()), most_files=5).refusal == ("too_many_files", 5)
    noise = {"noise": os.urandom(3 * MB)}
    assert unpack(zipped(noise), most_bytes=2 * MB).refusal == ("too_large", 2 * MB)
    monkeypatch.setenv("LYCEUM_LIMIT_DATASET_FILE_MB", "1")
    assert unpack(tarred(*noise.items())).look.params == {"entry": "noise", "most": MB}


def test_the_same_place_twice_or_as_file_and_folder_is_refused(unpack):
    again = tarred(("a", b"1"), ("./a", b"2"))
    assert unpack(again).refusal == ("twice", "./a")
    assert unpack(tarred(("a", b"1"), ("a/b", b"2"))).refusal == ("file_and_folder", "a/b")
    assert unpack(tarred(("a/b", b"1"), ("a", b"2"))).refusal == ("file_and_folder", "a")


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        (b"x,y\n1,2\n" * 1000, "not_an_archive"),
        (zlib.compress(b"x,y\n" * 1000, wbits=31), "not_an_archive"),
        (zipped({}), "empty_archive"),
        (zipped({"only/folders/": b""}), "empty_archive"),
        (tarred(), "empty_archive"),
        (zipped({"a": os.urandom(9000)})[:5000], "broken"),
        (tarred(("a", os.urandom(9000)))[:5000], "broken"),
        (rars.RAR5_SOLID[:100], "broken"),
        (raw_zip(b"a", b"x" * 20, size=8, crc=0, flags=1), "encrypted"),
        (rars.RAR4_ENCRYPTED, "encrypted"),
        (rars.RAR5_ENCRYPTED, "encrypted"),
        (rars.RAR5_HIDDEN, "encrypted"),
        (rars.RAR5_SECOND_PART, "split_archive"),
        (rars.RAR4_SOLID, "unsupported"),
        (rars.RAR5_COPIES, "unsupported"),
        (raw_zip(b"a", b"x" * 20, size=8, crc=0, method=77), "unsupported"),
    ],
)
def test_what_can_not_be_unpacked_is_told_apart(unpack, archive, code):
    assert unpack(archive).look.code == code


def test_progress_is_seen_and_the_run_can_be_stopped_and_forgotten(home, tmp_path):
    archive = tmp_path / "large.tar"
    about = tarfile.TarInfo("zeros")
    about.size = 4096 * MB
    archive.write_bytes(about.tobuf())
    os.truncate(archive, 4097 * MB)
    folder = home / "unpackings" / "1"
    wide = unpacking.bounds(**(BOUNDS | {"most_bytes": 1 << 40}))
    run_id = unpacking.start(archive, folder, bounds=wide, labels={"unpacking": "1"})
    until = time.monotonic() + 30
    while (look := unpacking.look(run_id, folder)).bytes < 8 * MB:
        assert look.state == State.RUNNING and time.monotonic() < until, look
    assert look.total is not None and look.bytes <= look.total
    assert look.total == pytest.approx(4096 * MB, rel=0.1)
    assert [run.labels for run in unpacking.running()] == [{"unpacking": "1", "kind": "unpacking"}]
    unpacking.stop(run_id)
    assert ended(run_id, folder).state == State.STOPPED
    unpacking.forget(run_id, folder)
    assert not folder.exists() and unpacking.running() == []


def test_a_run_that_nobody_knows_is_lost(home):
    assert unpacking.look("20260101-000000-1-abc", home / "unpackings" / "1").code == "lost"
