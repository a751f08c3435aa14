"""What keeps a draft from becoming a service, each said at its field."""

from __future__ import annotations

import os

import pytest

from lyceum.common.errors import DomainError
from lyceum.projects import workfolder
from lyceum.serving import actions
from lyceum.serving.checking import check_sample, check_step
from lyceum.serving.fields import example, field, prefilled
from tests.serving.making import FOLDER, MAIN, inspect, make_draft, write

TWO = [
    {"name": "ids", "dtype": "int64", "shape": [-1, 4]},
    {"name": "mask", "dtype": "float32", "shape": [-1, 4]},
]


def refusal(draft, step: int) -> tuple[str, str | None]:
    with pytest.raises(DomainError) as refused:
        check_step(draft, step)
    assert refused.value.message
    return refused.value.code, refused.value.field


def test_a_complete_draft_passes_every_step(lin, project):
    draft = inspect(make_draft(lin, project))
    for step in (1, 2, 3, 4):
        check_step(draft, step)


def test_files_that_make_no_model(lin, project, monkeypatch):
    draft = make_draft(lin, project)
    home = workfolder.home(project.pk)
    save = lambda **fields: actions.save_draft(lin, draft.pk, **fields)  # noqa: E731
    assert refusal(save(files=[]), 1) == ("no_files", "files")
    assert refusal(save(files=["gone"]), 1) == ("file_gone", "files")
    os.symlink("/etc/passwd", home / "link")
    assert refusal(save(files=["link"]), 1) == ("link", "files")
    os.symlink("/etc", home / "folder-link")
    assert refusal(save(files=["folder-link"]), 1) == ("link", "files")
    assert refusal(save(files=["folder-link/passwd"]), 1) == ("file_gone", "files")
    os.symlink("/etc/passwd", home / FOLDER / "weights")
    assert refusal(save(files=[FOLDER]), 1) == ("link", "files")
    os.unlink(home / FOLDER / "weights")
    os.mkfifo(home / FOLDER / "pipe")
    assert refusal(save(files=[FOLDER]), 1) == ("no_file", "files")
    os.unlink(home / FOLDER / "pipe")
    os.mkdir(home / "empty")
    assert refusal(save(files=["empty"]), 1) == ("no_files", "files")
    monkeypatch.setenv("LYCEUM_LIMIT_SERVING_MODEL_MB", "0")
    assert refusal(save(files=[FOLDER]), 1) == ("model_too_large", "files")


def test_main_program_and_parameters(lin, project):
    draft = make_draft(lin, project)
    write(project, "weights.bin")
    write(project, "net.pdmodel")
    save = lambda **fields: actions.save_draft(lin, draft.pk, **fields)  # noqa: E731
    assert refusal(save(files=["weights.bin"]), 1) == ("no_main_program", "main_program")
    assert refusal(save(main_program=MAIN), 1) == ("not_chosen", "main_program")
    save(files=["weights.bin"], main_program="weights.bin", kind="")
    assert refusal(save(kind=""), 1) == ("unknown_kind", "kind")
    assert refusal(save(kind="fluid", params_file="gone"), 1) == ("not_chosen", "params_file")
    save(files=["net.pdmodel"], main_program="net.pdmodel", kind="paddle", params_file="")
    assert refusal(save(), 1) == ("no_params", "params_file")


def test_a_model_must_have_been_loaded(lin, project):
    draft = make_draft(lin, project)
    for state, code in (
        (None, "not_inspected"), ("running", "inspection_running"), ("failed", "inspection_failed")
    ):  # fmt: skip
        draft.inspection = {"state": state}
        assert refusal(draft, 1) == (code, "inspection")


@pytest.mark.parametrize(
    ("inputs", "code", "place"),
    [
        ([], "no_inputs", "inputs"),
        ([field("x"), field(" x ")], "duplicate_name", "inputs[1].name"),
        ([field("")], "required", "inputs[0].name"),
        ([{"type": "float"}], "required", "inputs[0].name"),
        ([field("x" * 300)], "too_long", "inputs[0].name"),
        ([field("x", "matrix")], "no_such_type", "inputs[0].type"),
        ([field("x", None)], "no_such_type", "inputs[0].type"),
        ([field("x", ["float"])], "no_such_type", "inputs[0].type"),
        ([field("x"), field("y", default="two")], "default_type", "inputs[1].default"),
        ([field("x", "integer", default=1.5)], "default_type", "inputs[0].default"),
        ([field("x", "integer", default=True)], "default_type", "inputs[0].default"),
        ([field("x", "boolean", default=1)], "default_type", "inputs[0].default"),
        ([field("x", "string", default=1)], "default_type", "inputs[0].default"),
        ([field("x", "array", default={})], "default_type", "inputs[0].default"),
        ([field("x", "object", default=[])], "default_type", "inputs[0].default"),
        ([field("x", default=10**400)], "default_type", "inputs[0].default"),
        ([field("x", default=5, maximum=4)], "default_range", "inputs[0].default"),
        ([field("x", minimum="low")], "not_a_number", "inputs[0].minimum"),
        ([field("x", maximum=True)], "not_a_number", "inputs[0].maximum"),
        ([field("x", minimum=2, maximum=1)], "empty_range", "inputs[0].maximum"),
        ([field("x", "string", minimum=2)], "no_range", "inputs[0].minimum"),
        ([field("x", description="d" * 301)], "too_long", "inputs[0].description"),
    ],
)
def test_inputs_that_can_not_be(lin, project, inputs, code, place):
    draft = make_draft(lin, project, inputs=inputs)
    assert refusal(draft, 2) == (code, place)
    if inputs:
        draft.inputs, draft.outputs = [field("x")], inputs
        assert refusal(draft, 2) == (code, place.replace("inputs", "outputs"))


def test_the_converter_or_none(lin, project):
    draft = inspect(make_draft(lin, project))
    draft.converter = "  \n"
    assert refusal(draft, 3) == ("no_converter", "converter")
    draft.converter = "x = 1\n"
    assert refusal(draft, 3) == ("no_functions", "converter")
    draft.use_converter = False
    check_step(draft, 3)  # two numbers, one input
    draft.inputs = [field("text", "string")]
    assert refusal(draft, 3) == ("not_direct", "inputs")
    draft = inspect(draft, tensors=TWO)
    draft.inputs = [field("ids", "array"), field("CRIM")]
    assert refusal(draft, 3) == ("not_direct", "inputs")
    draft.inputs = [field("ids", "array"), field("mask", "array"), field("more")]
    check_step(draft, 3)


def test_a_name(lin, project):
    assert refusal(make_draft(lin, project, name=""), 4) == ("required", "name")


@pytest.mark.parametrize(
    ("sample", "code"),
    [
        ({}, "missing_parameter"),
        ({"CRIM": 1, "y": 2}, "unknown_parameter"),
        ({"CRIM": "1"}, "wrong_type"),
        ({"CRIM": None}, "wrong_type"),
        ({"CRIM": 1, "ZN": 2}, "out_of_range"),
    ],
)
def test_a_sample_is_checked_as_a_call_is(lin, project, sample, code):
    draft = make_draft(lin, project, sample=sample)
    with pytest.raises(DomainError) as refused:
        check_sample(draft)
    assert (refused.value.code, refused.value.field) == (code, "sample")


def test_a_sample_gets_its_defaults(lin, project):
    draft = make_draft(lin, project, sample={"CRIM": 1})
    assert check_sample(draft) == {"CRIM": 1, "ZN": 0.5}


def test_fields_are_prefilled_from_a_model():
    tensors = [
        *TWO,
        {"name": "age", "dtype": "int32", "shape": [-1, 1]},
        {"name": "rate", "dtype": "float32", "shape": [-1]},
        {"name": "words", "dtype": "string", "shape": [-1]},
        {"name": "any", "dtype": "", "shape": None},
    ]
    fields = prefilled(tensors)
    types = ["array", "array", "integer", "float", "string", "array"]
    assert [each["type"] for each in fields] == types
    assert fields[0]["description"] == "int64 [-1, 4]"
    assert example(fields, tensors) == {
        "ids": [0, 0, 0, 0], "mask": [0, 0, 0, 0], "age": 0, "rate": 0, "words": "", "any": [],
    }  # fmt: skip


def test_a_table_is_prefilled_by_its_columns():
    table = {"name": "X", "dtype": "", "shape": [-1, 2], "columns": ["length", "宽"]}
    assert [(each["name"], each["type"]) for each in prefilled([table])] == [
        ("length", "float"), ("宽", "float")
    ]  # fmt: skip
    for columns in (["a", "a"], ["", "b"], []):
        assert prefilled([{**table, "columns": columns}])[0]["name"] == "X"


def test_an_example_fits_its_fields():
    fields = [
        field("a", "integer", minimum=1.5), field("b", maximum=-2), field("c", default=7),
        field("d", "boolean"), field("e", "object"), field("image", "array"),
    ]  # fmt: skip
    tensors = [{"name": "image", "dtype": "float32", "shape": [-1, 3, 512, 512]}]
    assert example(fields, tensors) == {
        "a": 2, "b": -2, "c": 7, "d": False, "e": {}, "image": [[[0]]]
    }  # fmt: skip
