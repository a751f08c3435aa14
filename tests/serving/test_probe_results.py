"""What a probe's program left is read as the work of whoever took it over."""

from __future__ import annotations

import json
import os

import pytest

from lyceum.config import settings
from lyceum.engine import local_engine
from lyceum.serving import probes

DEEP = "[" * 100_000


@pytest.fixture
def out(home):
    folder = settings().root / "probes" / "abc" / "out"
    folder.mkdir(parents=True)
    local_engine()
    return folder


def seen() -> dict:
    return probes.look({"state": "running", "run_id": "gone", "folder": "abc", "seen": "1"})


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", DEEP, '{"ok": true, "output": NaN}', '{"a":' + "9" * 5000 + "}"]
)
def test_what_is_no_result_is_none(out, content):
    (out / "result.json").write_text(content)
    found = seen()
    assert found["state"] == "failed" and found["message"] and found["seen"] == "1"


def test_links_pipes_and_giants_are_not_read(out, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"ok": true, "output": "secret"}')
    place = out / "result.json"
    os.symlink(secret, place)
    assert seen()["state"] == "failed"
    place.unlink()
    os.mkfifo(place)
    assert seen()["state"] == "failed"
    place.unlink()
    with place.open("wb") as file:
        file.truncate(1 << 40)
    assert seen()["state"] == "failed" and "too long" in seen()["message"]


def test_what_is_kept_can_be_stored(out):
    told = {
        "ok": True, "output": {"a\0": ["\ud800", "\0", 1]}, "prints": "p\0" * 50_000,
        "seconds": "long", "message": ["no text"], "more": 1,
        "inputs": [{"name": "x\0", "dtype": 7, "shape": [-1, "n", 2.5, 1 << 40, True, 3]},
                   {"name": 5}, "x", {"name": "t", "columns": ["a\0", 3]},
                   *[{"name": "y", "shape": "no"}] * 300],
    }  # fmt: skip
    (out / "result.json").write_text(json.dumps(told))
    found = seen()
    assert found["state"] == "done" and "more" not in found
    assert found["output"] == {"a\N{REPLACEMENT CHARACTER}": ["?", "\N{REPLACEMENT CHARACTER}", 1]}
    assert len(found["prints"]) <= 20_000 and found["seconds"] is None and found["message"] == ""
    assert found["inputs"][0]["shape"] == [-1, -1, -1, -1, -1, 3]
    assert found["inputs"][1]["columns"] == ["a\N{REPLACEMENT CHARACTER}", ""]
    assert len(found["inputs"]) <= 200 and found["inputs"][1]["shape"] is None
    text = json.dumps(found, ensure_ascii=False)
    assert "\0" not in text and "\\u0000" not in text
    text.encode()


def test_forgetting_never_leaves_the_folder(home, tmp_path):
    precious = settings().root / "precious"
    precious.mkdir(parents=True)
    probes.forget({"folder": "../precious"})
    probes.forget({})
    assert precious.is_dir()
