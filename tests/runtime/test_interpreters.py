"""The parts without a framework, on every Python that this machine has."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lyceum.environments import interpreters
from tests.runtime import guide
from tests.runtime.gateway import FAILED, Gateway
from tests.runtime.making import PREDICTOR, Bundle

VERSIONS = ["2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]

REPAIR = """
# -*- coding: utf-8 -*-
import io, json, sys
sys.path.insert(0, sys.argv[1])
from predictor import encoding, indentation, recognise
with io.open(sys.argv[2], encoding="utf-8") as file:
    source = indentation.repair(file.read())
space = {}
exec(compile(source, "converter.py", "exec"), space)
class Result(object):
    def tolist(self):
        return [[1.5]]
assert json.loads(encoding.encode(space["output"]([Result()], {})).decode("utf-8")) == [
    {"predict": [[1.5]]}
]
for value, words in (([float("inf")], "[0] is Infinity"), ({"a": object()}, "a is a object")):
    try:
        encoding.encode(value)
    except encoding.Failure as failure:
        assert words in failure.english, failure.english
    else:
        raise AssertionError(value)
"""


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> Path:
    found = interpreters.find(request.param)
    if found is None:
        pytest.skip(f"this machine has no Python {request.param}")
    return found.executable


def test_converters_are_repaired_and_outputs_written_alike(python: Path, tmp_path: Path) -> None:
    (tmp_path / "converter.py").write_text(guide.converters()[1], encoding="utf-8")
    words = [
        str(python),
        "-B",
        "-c",
        REPAIR,
        str(PREDICTOR.parent),
        str(tmp_path / "converter.py"),
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_model_whose_framework_is_missing_is_told(
    python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    service = Bundle(tmp_path, "")
    monkeypatch.setattr(
        Bundle, "argv", lambda _, mode: [str(python), "-B", "-S", str(PREDICTOR), mode]
    )
    service.write(tmp_path / "models", "onnx", "linear.onnx")
    gateway: Gateway = service.serve()
    hello = gateway.accept()

    kind, payload = gateway.receive()

    assert python.name.startswith("python") and hello["protocol"] == 1
    assert kind == FAILED
    assert "onnxruntime" in json.loads(payload)["message"]
    assert service.process.wait(10) == 1
    gateway.close()
    assert "onnxruntime" in service.probe("inspect")["message"]
