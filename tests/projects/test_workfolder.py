"""Hostile work folders: links out, pipes, odd names, things in the way."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from lyceum.common.errors import NotFound
from lyceum.projects import workfolder


@pytest.fixture
def root(tmp_path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "outside").mkdir()
    return folder


def test_reads_and_lists_what_is_there(root):
    workfolder.write_file(root, "a/b/c.txt", b"hello")
    assert workfolder.read_file(root, "a/b/c.txt", limit=3) == b"hel"
    assert workfolder.file_size(root, "a/b/c.txt") == 5
    assert [(e.path, e.kind) for e in workfolder.entries(root, "a")] == [("a/b", "folder")]
    assert workfolder.usage(root) == 5


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "/../secret", ".", "", "a\0b"])
def test_never_leaves_the_folder_by_a_path(root, path):
    with pytest.raises(NotFound):
        workfolder.read_file(root, path, limit=10)


def test_never_follows_a_link_to_a_file(root):
    (root / "link").symlink_to("../secret")
    with pytest.raises(NotFound):
        workfolder.read_file(root, "link", limit=10)
    assert workfolder.read_link(root, "link") == "../secret"
    assert [e.kind for e in workfolder.walk(root)] == ["link"]


def test_never_follows_a_link_to_a_folder(root):
    (root / "out").symlink_to("..")
    with pytest.raises(NotFound):
        workfolder.read_file(root, "out/secret", limit=10)
    with pytest.raises(NotFound):
        workfolder.entries(root, "out")
    assert [e.path for e in workfolder.walk(root)] == ["out"]


def test_writing_replaces_a_link_and_leaves_its_target(root, tmp_path):
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path / "outside")
    workfolder.write_file(root, "link", b"mine")
    workfolder.write_file(root, "folder/file", b"mine")
    assert (tmp_path / "secret").read_text() == "secret"
    assert list((tmp_path / "outside").iterdir()) == []
    assert (root / "folder/file").read_bytes() == b"mine"


def test_writing_replaces_a_folder_in_the_way(root):
    workfolder.write_file(root, "a/b", b"1")
    workfolder.write_file(root, "a", b"2")
    assert (root / "a").read_bytes() == b"2"
    workfolder.write_link(root, "a", "elsewhere")
    assert os.readlink(root / "a") == "elsewhere"


def test_a_pipe_is_no_file_and_does_not_block(root):
    os.mkfifo(root / "pipe")
    with pytest.raises(NotFound):
        workfolder.read_file(root, "pipe", limit=10)
    assert [e.kind for e in workfolder.entries(root)] == ["other"]


def test_names_need_not_be_text(root):
    (root / os.fsdecode(b"bad\xff\nname")).write_text("x")
    (entry,) = workfolder.entries(root)
    assert not entry.is_addressable
    assert entry.shown_name == "bad\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}name"
    assert workfolder.read_file(root, entry.path, limit=1) == b"x"


def test_removing_takes_empty_folders_along_and_stops_at_links(root, tmp_path):
    workfolder.write_file(root, "a/b/c", b"1")
    workfolder.write_file(root, "a/d", b"1")
    workfolder.remove_file(root, "a/b/c")
    assert sorted(p.name for p in root.rglob("*")) == ["a", "d"]
    (root / "out").symlink_to(tmp_path)
    workfolder.remove_file(root, "out/secret")
    assert (tmp_path / "secret").exists()


def test_a_folder_swapped_for_a_link_while_it_is_walked_leads_nowhere(root, tmp_path):
    for number in range(50):
        workfolder.write_file(root, f"d{number:02}/x", b"inside")
    (tmp_path / "outside/x").write_bytes(b"outside")
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            for number in range(50):
                folder, aside = root / f"d{number:02}", root / f".{number}"
                folder.rename(aside)
                folder.symlink_to(tmp_path / "outside")
                folder.unlink()
                aside.rename(folder)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _round in range(200):
            for entry in workfolder.walk(root, skip_folder=lambda path: path.startswith(".")):
                with suppress(NotFound):
                    assert workfolder.read_file(root, entry.path, limit=10) == b"inside"
    finally:
        stop.set()
        swapper.join()


def test_deleting_survives_taken_permissions_and_leaves_link_targets(tmp_path):
    home = workfolder.create(7)
    workfolder.write_file(home, "closed/file", b"1")
    (home / "out").symlink_to(tmp_path)
    (home / "closed").chmod(0)
    workfolder.delete(7)
    assert not workfolder.project_folder(7).exists()
    assert tmp_path.exists()
