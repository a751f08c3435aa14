"""Which models are seen among files: real ones, and what only looks like one."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lyceum.environments import definitions
from lyceum.runtime.predictor import programs
from lyceum.runtime.predictor.recognise import FRAMEWORKS, Hint, recognise, serves
from tests.runtime import onnxfile
from tests.runtime.making import Trained

Found = tuple[dict[str, tuple[str, str]], list[Hint]]


def look(files: dict[str, bytes]) -> Found:
    """``{main program: (kind, params file)}`` of what is recognised, and the hints."""

    def read(path: str, start: int, length: int) -> bytes:
        return files[path][start : start + length]

    models, hints = recognise([(path, len(files[path])) for path in files], read)
    return {each.main_program: (each.kind, each.params_file) for each in models}, hints


def of_folder(folder: Path, prefix: str) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {f"{prefix}/{path.relative_to(folder)}": path.read_bytes() for path in paths}


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            made.writestr(name, b"x" * 5000)
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_models_that_the_frameworks_have_saved(trained: Callable[[str], Trained]) -> None:
    files = {"train.py": b"print(1)", "data/notes": b"\n\x05hello"}
    for framework in ("fluid", "paddle", "torch", "sklearn"):
        files |= of_folder(trained(framework).folder, framework)

    models, hints = look(files)

    models.pop("sklearn/linear.onnx", None)  # another test's
    assert models == {
        "fluid/separate/__model__": ("fluid", ""),
        "fluid/combined/model": ("fluid", "fluid/combined/weights"),
        "paddle/two.json": ("paddle", "paddle/two.pdiparams"),
        "paddle/old.pdmodel": ("paddle", "paddle/old.pdiparams"),
        "torch/traced.pt": ("torchscript", ""),
        "torch/centred.pt": ("torchscript", ""),
        "sklearn/linear.skops": ("sklearn", ""),
        "sklearn/forest.skops": ("sklearn", ""),
        "sklearn/own.skops": ("sklearn", ""),
        "sklearn/table.skops": ("sklearn", ""),
    }
    assert hints == [Hint("weights_only", "torch/weights.pt")]
    program = programs.read(files["fluid/combined/model"])
    assert program.inputs == [{"name": "x", "dtype": "float32", "shape": [-1, 13]}]
    assert sorted(program.parameters) == ["fc_0.b_0", "fc_0.w_0"]


def test_models_told_by_their_names_and_contents() -> None:
    models, hints = look(
        {
            "net.onnx": onnxfile.linear([1.0], 0.0),
            "net.onnx.data": b"weights",
            "a.pt": archive("a/data.pkl", "a/constants.pkl", "a/code/x.py"),
            "b.pth": archive("b/data.pkl"),
            "c.skops": archive("schema.json"),
            "d.skops": archive("other.json"),
            "e.pkl": b"\x80\x04.",
            "f.json": b'{"base_code":{"magic":"pir","version":1}}',
            "g.json": b"{}",
            "h.pdparams": b"\x80",
        }
    )

    assert {main: kind for main, (kind, _) in models.items()} == {
        "net.onnx": "onnx",
        "a.pt": "torchscript",
        "c.skops": "sklearn",
    }
    assert sorted(hints) == [
        ("params_missing", "f.json"),
        ("pickle", "e.pkl"),
        ("weights_only", "b.pth"),
        ("weights_only", "h.pdparams"),
    ]


def test_hostile_files_are_no_models_and_take_no_time() -> None:
    body = b"\x08\x00\x10\xff" + b"\xff" * 8 + b"\x01" + b"\x08\x01" * 10_000_000
    block = onnxfile.message(1, body)
    broken = archive(*(f"m/{number}" for number in range(50)))
    started = time.monotonic()

    models, _ = look(
        {
            "a/__model__": block,
            "e/__model__": b"\n\xff\xff\xff\x0f" + body,
            "b/__model__": b"",
            "c/__model__": b"\n" + b"\xff" * 100,
            "d/model": block[:200],
            "x.pt": broken[:-30] + b"\xff" * 30,
            "y.pt": b"PK\x03\x04" + b"\0" * 100,
            "z.skops": broken,
            **{f"many/{number}.json": b"{" for number in range(5000)},
        }
    )

    assert models == {}
    assert time.monotonic() - started < 10


def test_a_file_that_cannot_be_read_is_no_model() -> None:
    def read(path: str, start: int, length: int) -> bytes:
        raise OSError("gone")

    models, hints = recognise([("__model__", 10), ("a.pt", 10), ("b.json", 10)], read)

    assert models == []
    assert hints == [Hint("weights_only", "a.pt")]


def test_each_kind_has_an_environment_that_serves_it() -> None:
    frameworks = {each.framework for each in definitions()}

    assert {name for names in FRAMEWORKS.values() for name in names} <= frameworks
    assert serves("fluid", "paddle-fluid")
    assert not serves("fluid", "torch")
    assert not serves("keras", "torch")


def test_importing_it_imports_nothing_else_and_changes_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules), list(sys.path)\n"
        "import lyceum.runtime.predictor.recognise\n"
        "print([name for name in set(sys.modules) - before[0] if name.startswith('predictor')],"
        " sys.path == before[1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "True"]
