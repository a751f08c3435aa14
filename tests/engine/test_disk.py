from __future__ import annotations

import os

import pytest

from lyceum.engine import disk
from lyceum.engine.disk import CLEANING_ROOM, DiskWatch, size_of

MB = 1 << 20


def fill(path, size: int) -> None:
    path.write_bytes(os.urandom(4096) * (size // 4096))


def test_size_counts_blocks_once_and_follows_no_link(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    fill(inside / "a", MB)
    os.link(inside / "a", inside / "again")
    fill(outside / "big", 8 * MB)
    (inside / "link").symlink_to(outside)
    (inside / "sparse").touch()
    os.truncate(inside / "sparse", 1 << 30)
    assert MB <= size_of(str(inside)) < 1.2 * MB
    assert size_of(str(tmp_path / "missing")) == 0


@pytest.fixture
def always_looking(monkeypatch):
    """Others of this machine delete files just now; a walk at each look is sure all the same."""
    monkeypatch.setattr(disk.DiskWatch, "_due", lambda self: True)


def test_growth_past_the_limit_is_found(tmp_path, always_looking):
    watch = DiskWatch([[str(tmp_path), "/home/aistudio", True]], 100 * MB)
    assert watch.check() is None
    fill(tmp_path / "a", 101 * MB)
    reason, sentence = watch.check()
    assert reason == "disk_limit"
    assert "100 MB" in sentence


def test_who_starts_over_the_limit_may_clean_up_but_not_grow(tmp_path, always_looking):
    fill(tmp_path / "a", 20 * MB)
    watch = DiskWatch([[str(tmp_path), "/home/aistudio", True]], 10 * MB)
    assert watch.check() is None
    fill(tmp_path / "b", CLEANING_ROOM + 4 * MB)
    assert watch.check() is not None


def test_read_only_mounts_do_not_count_and_later_ones_do(tmp_path, always_looking):
    fill(tmp_path / "a", 2 * MB)
    watch = DiskWatch([[str(tmp_path), "/data", False]], MB)
    assert watch.check() is None
    watch.add(str(tmp_path))
    assert watch.check() is None
    fill(tmp_path / "b", CLEANING_ROOM + 4 * MB)
    assert watch.check() is not None


def test_folders_are_walked_only_when_the_disk_filled(tmp_path, monkeypatch):
    walks = []
    monkeypatch.setattr(disk, "size_of", lambda folder: walks.append(folder) or 0)
    watch = DiskWatch([[str(tmp_path), "/home/aistudio", True]], 1 << 50)
    for _ in range(20):
        watch.check()
    assert len(walks) == 1
    watch._walked_at -= disk._BLIND_SECONDS + 60
    watch.check()
    assert len(walks) == 2
