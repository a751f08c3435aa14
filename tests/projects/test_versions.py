"""The version store: what is saved, what stays out, what comes back."""

from __future__ import annotations

import io
import os
import zipfile

import pytest

from lyceum.common.errors import NotFound
from lyceum.projects import versions, workfolder


@pytest.fixture
def home():
    return workfolder.create(1)


def save(number: int = 1) -> tuple[str, versions.Snapshot]:
    snapshot = versions.snapshot(1)
    commit = versions.commit(
        1, snapshot.tree, number=number, parent=None, note="", author="user 1"
    )
    return commit, snapshot


def paths(commit: str) -> list[str]:
    return [path for path, _blob in versions.files(1, commit)]


def test_saves_files_and_leaves_datasets_and_caches_out(home):
    for path in (
        "1.ipynb", "src/a.py", "data/own.csv", "data/data12/big.csv", ".cache/pip/x",
        ".local/lib/x", "src/__pycache__/a.pyc", ".ipynb_checkpoints/1.ipynb", "src/.git/config",
        ".gitattributes",
    ):  # fmt: skip
        workfolder.write_file(home, path, b"x")
    commit, snapshot = save()
    assert paths(commit) == [".gitattributes", "1.ipynb", "data/own.csv", "src/a.py"]
    assert snapshot.left_out_count == 0


def test_no_filter_of_the_learners_touches_the_bytes(home):
    workfolder.write_file(home, ".gitattributes", b"* text eol=lf filter=evil\n")
    workfolder.write_file(home, "a.txt", b"one\r\ntwo\r\n")
    commit, _snapshot = save()
    assert versions.read_file(1, commit, "a.txt") == b"one\r\ntwo\r\n"


def test_lists_what_it_can_not_hold(home, monkeypatch):
    monkeypatch.setenv("LYCEUM_LIMIT_VERSION_FILE_MB", "1")
    workfolder.write_file(home, "big.bin", b"0" * 1_000_001)
    workfolder.write_file(home, "git~1", b"x")
    workfolder.write_file(home, os.fsdecode(b"\xff"), b"x")
    os.mkfifo(home / "pipe")
    _commit, snapshot = save()
    reasons = {each.path: each.reason for each in snapshot.left_out}
    assert reasons == {
        "big.bin": "size", "git~1": "name", "\N{REPLACEMENT CHARACTER}": "name", "pipe": "special",
    }  # fmt: skip
    assert snapshot.left_out_count == 4


def test_stops_at_the_number_and_the_bytes_allowed(home, monkeypatch):
    monkeypatch.setenv("LYCEUM_LIMIT_VERSION_FILES", "2")
    for name in "abc":
        workfolder.write_file(home, name, b"x")
    commit, snapshot = save()
    assert paths(commit) == ["a", "b"]
    assert [(each.path, each.reason) for each in snapshot.left_out] == [("c", "count")]


def test_a_link_is_saved_as_a_link(home):
    (home / "link").symlink_to("/etc/passwd")
    commit, _snapshot = save()
    assert [(e.path, e.kind, e.size) for e in versions.entries(1, commit)] == [
        ("link", "link", 11)
    ]
    with pytest.raises(NotFound):
        versions.read_file(1, commit, "link")
    (home / "link").unlink()
    versions.check_out(1, commit, home)
    assert os.readlink(home / "link") == "/etc/passwd"


def test_checking_out_brings_back_changes_and_removes_what_was_new(home):
    workfolder.write_file(home, "kept", b"old")
    workfolder.write_file(home, "gone/deep", b"old")
    workfolder.write_file(home, "name\nwith newline", b"old")
    workfolder.write_file(home, "data/data3/x", b"dataset")
    commit, _snapshot = save()
    workfolder.write_file(home, "kept", b"new")
    workfolder.write_file(home, "fresh/file", b"new")
    workfolder.remove_file(home, "gone/deep")
    versions.check_out(1, commit, home)
    left = sorted(e.path for e in workfolder.walk(home))
    assert left == ["data/data3/x", "gone/deep", "kept", "name\nwith newline"]
    assert (home / "kept").read_bytes() == b"old"


def test_a_large_file_in_the_way_is_kept_aside(home, monkeypatch):
    monkeypatch.setenv("LYCEUM_LIMIT_VERSION_FILE_MB", "1")
    workfolder.write_file(home, "a.csv", b"small")
    commit, _snapshot = save()
    workfolder.write_file(home, "a.csv", b"0" * 1_000_001)
    versions.check_out(1, commit, home)
    assert (home / "a.csv").read_bytes() == b"small"
    assert (home / "a.csv.before-restore").stat().st_size == 1_000_001


def test_equal_files_make_an_equal_tree(home):
    workfolder.write_file(home, "a", b"1")
    first = versions.snapshot(1).tree
    os.utime(home / "a", (1, 1))
    assert versions.snapshot(1).tree == first


def test_unknown_versions_and_paths_are_not_found(home):
    commit, _snapshot = save()
    for commit_id, path in [("0" * 40, ""), ("nonsense", ""), (commit, "nope"), (commit, "../x")]:
        with pytest.raises(NotFound):
            versions.entries(1, commit_id, path)


def test_exports_a_zip_without_links(home):
    workfolder.write_file(home, "目录/a.txt", b"hello")
    (home / "link").symlink_to("/etc/passwd")
    commit, _snapshot = save()
    archive = zipfile.ZipFile(io.BytesIO(b"".join(versions.archive(1, commit))))
    assert archive.namelist() == ["目录/a.txt"]
    assert archive.read("目录/a.txt") == b"hello"
