"""A draft's model really loaded and tried, in the sandbox and in its environment."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lyceum import environments
from lyceum.engine import local_engine
from lyceum.projects import workfolder
from lyceum.serving import actions, converters, probes
from lyceum.serving.actions import inspecting
from lyceum.serving.fields import field
from lyceum.serving.models import Draft
from tests.serving.making import FOLDER, write
from tests.support.environments import SHARED

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox, pytest.mark.slow]

ENVIRONMENT = "fluid-py37"
NAMES = ["CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B",
         "LSTAT"]  # fmt: skip
SAMPLE = dict.fromkeys(NAMES, 0.5)
INPUTS = [field(name) for name in NAMES]
MODEL = Path(__file__).with_name("modelling.py")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> tuple[Path, float]:
    """A saved model's folder, and what it gives for ``SAMPLE``."""
    before = os.environ.get("LYCEUM_ENVIRONMENTS")
    os.environ["LYCEUM_ENVIRONMENTS"] = str(SHARED)
    try:
        if not environments.availability(ENVIRONMENT).available:
            pytest.skip(f"{ENVIRONMENT} is not available on this machine")
        environments.build(ENVIRONMENT)
        folder = tmp_path_factory.mktemp("model") / "saved"
        words = [str(environments.python(ENVIRONMENT)), str(MODEL), str(folder)]
        told = subprocess.run(words, capture_output=True, text=True, check=True)
    finally:
        if before is None:
            del os.environ["LYCEUM_ENVIRONMENTS"]
    return folder, float(told.stdout.split()[-1])


@pytest.fixture
def project(lin, model, monkeypatch) -> Iterator[object]:
    """A project with the model in its folder."""
    from tests.projects.making import make_project

    monkeypatch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))
    made = make_project(lin, environment=ENVIRONMENT)
    for path in model[0].iterdir():
        write(made, f"{FOLDER}/{path.name}", path.read_bytes())
    yield made
    for run in local_engine().runs():
        local_engine().stop(run.run_id, grace=0)


@pytest.fixture
def draft(lin, project) -> Draft:
    made = actions.create_draft(lin, project.pk)
    return actions.save_draft(lin, made.pk, name="Houses", files=[FOLDER])


def ended(ask: Callable[[], dict], *, seconds: float = 100) -> dict:
    until = time.monotonic() + seconds
    while (probe := ask())["state"] == probes.RUNNING:
        assert time.monotonic() < until, probe
        time.sleep(0.05)
    return probe


def inspected(user, draft: Draft) -> dict:
    actions.begin_inspection(user, draft.pk)
    return ended(lambda: actions.finish_inspection(user, draft.pk).inspection)


def tried(user, draft: Draft, **said) -> dict:
    actions.save_draft(user, draft.pk, **said)
    actions.begin_trial(user, draft.pk)
    return ended(lambda: actions.finish_trial(user, draft.pk).trial)


def test_from_the_files_to_a_service(lin, project, draft, model):
    stale = actions.begin_inspection(lin, draft.pk)
    found = ended(lambda: actions.finish_inspection(lin, draft.pk).inspection)
    assert found["state"] == "done", found
    late = inspecting._finish(stale, "inspection")  # asked before, looked after it was stored
    assert late.inspection == found
    assert found["inputs"] == [{"name": "x", "dtype": "float32", "shape": [-1, 13]}]
    draft.refresh_from_db()
    assert (draft.inputs[0]["name"], draft.inputs[0]["type"]) == ("x", "array")
    assert draft.sample == {"x": [0] * 13} and len(draft.outputs) == 1
    assert not list((workfolder.home(project.pk).parents[2] / "probes").iterdir())

    # The template as it is, for the numbers that the guide declares.
    template = converters.template("fluid", INPUTS, found["inputs"])
    trial = tried(lin, draft, inputs=INPUTS, converter=template, sample=SAMPLE)
    assert trial["state"] == "done", trial
    assert trial["output"][0]["predict"][0][0] == pytest.approx(model[1], abs=1e-5)

    broken = template.replace("lines = []", "print('here')\n    lines = unknown")
    trial = tried(lin, draft, converter=broken)
    assert trial["state"] == "failed" and "here" in trial["prints"]
    line = broken[: broken.index("unknown")].count("\n") + 1
    assert f"line {line}" in trial["traceback"] and "unknown" in trial["message"]

    trial = tried(lin, draft, use_converter=False)
    assert trial["state"] == "done", trial
    assert next(iter(trial["output"].values())) is not None

    deployed = actions.deploy_draft(lin, draft.pk)
    assert deployed.service.revision.spec["kind"] == "fluid"
    assert probes.running(lin.pk) == 0


ARRAYS = """
import json, sys
scope = {}
exec(sys.stdin.read(), scope)
feeds = scope["reader_infer"](json.loads(sys.argv[1]))
told = {name: [str(each.dtype), list(each.shape)] for name, each in feeds.items()}
print(json.dumps([told, scope["output"](list(feeds.values()), {})]))
"""


@pytest.mark.parametrize(
    ("inputs", "tensors", "arguments", "expected"),
    [
        (INPUTS[:2], [("X", "float32", [-1, 2])], SAMPLE, {"X": ["float32", [1, 2]]}),
        (INPUTS[:4], [("X", "", None)], SAMPLE, {"X": ["float64", [1, 4]]}),
        ([field("年龄", "integer")], [("x", "int64", [-1, 1])], {"年龄": 3},
         {"x": ["int64", [1, 1]]}),
        ([field("i", "array")], [("i", "float32", [-1, 1, 2])], {"i": [[1, 2]]},
         {"i": ["float32", [1, 1, 2]]}),
        ([field("i", "array"), field("a")], [("i", "int64", [-1, -1]), ("a", "float32", [-1])],
         {"i": [1, 2], "a": 3}, {"i": ["int64", [1, 2]], "a": ["float32", [1]]}),
    ],
)  # fmt: skip
def test_the_template_of_arrays(project, inputs, tensors, arguments, expected):
    named = [dict(zip(("name", "dtype", "shape"), each, strict=True)) for each in tensors]
    text = converters.template("onnx", inputs, named)
    words = [str(environments.python(ENVIRONMENT)), "-c", ARRAYS, json.dumps(arguments)]
    told = subprocess.run(words, input=text, capture_output=True, text=True, check=True)
    feeds, output = json.loads(told.stdout)
    assert feeds == expected
    assert [list(each) for each in output] == [["predict"]] * len(expected)


def test_what_can_not_be_loaded_says_why(lin, project, draft):
    write(project, f"{FOLDER}/__model__", b"no program at all")
    found = inspected(lin, draft)
    assert found["state"] == "failed" and (found["message"] or found["traceback"])
    assert probes.said(found)


def test_one_that_hangs_is_ended_with_its_draft(lin, project, draft):
    inspected(lin, draft)
    hanging = "def reader_infer(data_args):\n    while True:\n        pass\n"
    actions.save_draft(lin, draft.pk, inputs=INPUTS, sample=SAMPLE, converter=hanging)
    began = actions.begin_trial(lin, draft.pk)
    assert probes.running(lin.pk) == 1
    again = actions.begin_trial(lin, draft.pk)  # in place of the first
    assert again.trial["run_id"] != began.trial["run_id"] and probes.running(lin.pk) == 1
    actions.delete_draft(lin, draft.pk)
    assert probes.running(lin.pk) == 0
    assert not list((workfolder.home(project.pk).parents[2] / "probes").iterdir())
