"""Comparing versions: lines of text, cells of notebooks, and what is not looked into."""

from __future__ import annotations

import json

from lyceum.projects import diffs, versions, workfolder


def commit_of(files: dict[str, bytes]) -> str:
    home = workfolder.create(1)
    for entry in list(workfolder.walk(home)):
        workfolder.remove_file(home, entry.path)
    for path, data in files.items():
        workfolder.write_file(home, path, data)
    tree = versions.snapshot(1).tree
    return versions.commit(1, tree, number=1, parent=None, note="", author="user 1")


def compare(old: dict[str, bytes], new: dict[str, bytes]) -> diffs.Difference:
    return diffs.compare(1, commit_of(old), commit_of(new))


def notebook(*cells: tuple[str, str, list]) -> bytes:
    return json.dumps(
        {
            "cells": [
                {"cell_type": kind, "source": source.splitlines(True), "outputs": outputs}
                for kind, source, outputs in cells
            ]
        }
    ).encode()


def signed(lines: list[diffs.Line]) -> list[str]:
    return [line.sign + line.text for line in lines]


def test_lists_what_was_added_removed_and_changed():
    found = compare({"a": b"1\n2\n", "b": b"1", "c": b"1"}, {"a": b"1\n3\n", "c": b"1", "d": b""})
    assert [(f.path, f.status, f.kind) for f in found.files] == [
        ("a", "changed", "text"),
        ("b", "removed", "text"),
        ("d", "added", "text"),
    ]
    assert signed(found.files[0].lines) == [" 1", "-2", "+3"]
    assert [(line.old, line.new) for line in found.files[0].lines] == [
        (1, 1),
        (2, None),
        (None, 2),
    ]


def test_does_not_look_into_binary_and_large_files():
    large = b"x\n" * diffs.LARGEST_BYTES
    found = compare({}, {"a.bin": b"\0\1", "b.txt": large})
    assert [(f.path, f.kind) for f in found.files] == [("a.bin", "binary"), ("b.txt", "large")]


def test_compares_notebooks_by_cell_and_only_notes_outputs():
    old = notebook(("markdown", "# A", []), ("code", "x = 1\ny = 2", []), ("code", "run()", [1]))
    new = notebook(
        ("markdown", "# A", []),
        ("code", "x = 1\ny = 3", []),
        ("code", "run()", [2]),
        ("code", "new()", []),
    )
    (change,) = compare({"n.ipynb": old}, {"n.ipynb": new}).files
    assert change.kind == "notebook"
    assert [(c.status, c.number, c.outputs_changed) for c in change.cells] == [
        ("changed", 2, False),
        ("same", 3, True),
        ("added", 4, False),
    ]
    assert signed(change.cells[0].lines) == [" x = 1", "-y = 2", "+y = 3"]


def test_a_broken_notebook_is_compared_as_text():
    (change,) = compare({"n.ipynb": b"{}"}, {"n.ipynb": b'{"cells": 3}'}).files
    assert change.kind == "text"


def test_cuts_long_differences_and_says_so():
    many = {f"{number}.txt": b"x" for number in range(diffs.MOST_FILES + 1)}
    assert compare({}, many).is_cut
    long = b"".join(b"%d\n" % number for number in range(diffs.MOST_LINES + 1))
    (change,) = compare({}, {"a": long}).files
    assert change.is_cut and len(change.lines) == diffs.MOST_LINES
