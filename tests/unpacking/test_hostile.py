"""A program that was taken over: what it leaves is not believed."""

from __future__ import annotations

import os

import pytest

from lyceum import unpacking
from lyceum.unpacking import State, Unexpected
from tests.unpacking.archives import zipped
from tests.unpacking.conftest import BOUNDS, ended

pytestmark = pytest.mark.sandbox


@pytest.fixture
def finished(home, tmp_path):
    """A run that has unpacked ``a``: its id and folder."""
    (tmp_path / "archive.zip").write_bytes(zipped({"a": b"1"}))
    folder = home / "unpackings" / "1"
    run_id = unpacking.start(
        tmp_path / "archive.zip", folder, bounds=unpacking.bounds(**BOUNDS), labels={}
    )
    assert ended(run_id, folder).state == State.DONE
    return run_id, folder


@pytest.mark.parametrize("trick", ["link", "pipe", "huge", "text", "list", "numbers", "code"])
def test_a_result_that_is_none_is_no_result(finished, tmp_path, trick):
    run_id, folder = finished
    result, secret = folder / "result.json", tmp_path / "secret.json"
    secret.write_text('{"code": "secret", "params": {}}')
    result.unlink()
    match trick:
        case "link":
            result.symlink_to(secret)
        case "pipe":
            os.mkfifo(result)
        case "huge":
            result.write_text('{"code": "' + "x" * 100_000 + '"}')
        case "text":
            result.write_text("done")
        case "list":
            result.write_text("[" * 50_000)
        case "numbers":
            result.write_text('{"files": -1, "bytes": "many"}')
        case "code":
            result.write_text('{"code": ["<script>"], "params": {"entry": "x"}}')
    look = unpacking.look(run_id, folder)
    assert look.code in ("", "crashed") and not look.params
    assert look.bytes <= 1


@pytest.mark.parametrize("trick", ["symlink", "pipe", "linked folder"])
def test_a_file_that_our_program_would_not_make_is_found_out(finished, tmp_path, trick):
    _run_id, folder = finished
    place = folder / "files" / "b"
    match trick:
        case "symlink":
            place.symlink_to("/etc/passwd")
        case "pipe":
            os.mkfifo(place)
        case "linked folder":
            place.symlink_to(tmp_path)
    with pytest.raises(Unexpected):
        unpacking.found(folder)


def test_without_a_sandbox_the_same_program_unpacks(unpack, monkeypatch):
    monkeypatch.setenv("LYCEUM_SANDBOX", "off")
    assert unpack(zipped({"a/b": b"1"})).files == {"a/b": b"1"}
