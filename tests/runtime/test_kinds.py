"""Every kind of model: looked into, and served straight from the declared fields."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.runtime import onnxfile
from tests.runtime.making import GUIDES_CALL, HOUSE, Bundle, Trained, fields

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

Bundles = Callable[[str], Bundle]
Models = Callable[[str], Trained]
OTHER = {**GUIDES_CALL, "ZN": 3}


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-5, abs=1e-5)


def test_paddle_3_with_two_inputs(bundle: Bundles, trained: Models) -> None:
    models, service = trained("paddle"), bundle("paddle3-py311")
    service.write(
        models.folder,
        "paddle",
        "two.json",
        params_file="model/two.pdiparams",
        inputs=[*fields("x", "t", type="array")],
        outputs=[*fields("price"), *fields("sum", type="integer")],
    )
    gateway = service.serve()
    ready = gateway.ready()
    row = list(GUIDES_CALL.values())

    assert ready["batchable"] is True
    assert ready["inputs"] == [
        {"name": "x", "dtype": "float32", "shape": [-1, 13]},
        {"name": "t", "dtype": "int64", "shape": [-1, 3]},
    ]
    one = {"x": row, "t": [1, 2, 3]}
    price = near(models.linear(GUIDES_CALL))
    answers = gateway.call(one, {"x": [row], "t": [[4, 5, 6]]}, {**one, "t": [1, 2]})
    assert answers[0] == (0, {"price": price, "sum": 6})
    assert answers[1] == (0, {"price": price, "sum": 15})
    assert answers[2][0] == 1
    assert "shape [-1, 3]" in answers[2][1]["message"]
    assert "形状" in answers[2][1]["message_zh"]
    two = gateway.call({"x": [row, row], "t": [[4, 5, 6], [7, 8, 9]]})
    assert two == [(0, {"price": [[price], [price]], "sum": [15, 24]})]


def test_a_program_of_paddle_2(bundle: Bundles, trained: Models) -> None:
    service = bundle("paddle3-py311")
    service.write(
        trained("paddle").folder, "paddle", "old.pdmodel", params_file="model/old.pdiparams"
    )

    found = service.probe("inspect")

    assert found["inputs"] == [{"name": "x", "dtype": "float32", "shape": [-1, 13]}]
    assert [(each["dtype"], each["shape"]) for each in found["outputs"]] == [("float32", [-1, 1])]


def test_onnx(bundle: Bundles, trained: Models) -> None:
    models, service = trained("sklearn"), bundle("sklearn-py311")
    weights, (bias,) = json.loads((models.folder / "parameters.json").read_text())
    model = onnxfile.linear([weight for (weight,) in weights], bias)
    (models.folder / "linear.onnx").write_bytes(model)
    service.write(models.folder, "onnx", "linear.onnx")
    gateway = service.serve()

    ready = gateway.ready()

    assert ready["inputs"] == [{"name": "x", "dtype": "float32", "shape": [-1, 13]}]
    assert ready["outputs"] == [{"name": "y", "dtype": "float32", "shape": [-1, 1]}]
    assert gateway.call(GUIDES_CALL, OTHER) == [
        (0, {"y": [near(models.linear(GUIDES_CALL))]}),
        (0, {"y": [near(models.linear(OTHER))]}),
    ]


def test_torchscript(bundle: Bundles, trained: Models) -> None:
    models, service = trained("torch"), bundle("torch-py311")
    service.write(models.folder, "torchscript", "traced.pt", outputs=fields("price"))
    gateway = service.serve()

    assert [each["name"] for each in gateway.ready()["inputs"]] == ["x"]
    assert gateway.call(GUIDES_CALL, OTHER) == [
        (0, {"price": near(models.linear(GUIDES_CALL))}),
        (0, {"price": near(models.linear(OTHER))}),
    ]


def test_whole_numbers_for_a_module_that_takes_fractions(bundle: Bundles, trained: Models) -> None:
    models, service = trained("torch"), bundle("torch-py311")
    array = fields("x", type="array")
    service.write(models.folder, "torchscript", "traced.pt", inputs=array, outputs=fields("y"))
    gateway = service.serving()
    want = (0, {"y": near(models.linear(dict.fromkeys(HOUSE, 1.0)))})

    assert gateway.call({"x": [1] * 13}) == [want]
    assert gateway.call({"x": [1] * 13}, {"x": [1.0] * 13}) == [want, want]


def test_a_model_that_mixes_rows_is_run_for_each_call_alone(
    bundle: Bundles, trained: Models
) -> None:
    service = bundle("torch-py311")
    service.write(trained("torch").folder, "torchscript", "centred.pt", inputs=fields("a", "b"))
    gateway = service.serving()

    for _ in range(3):
        answers = gateway.call({"a": 1, "b": 2}, {"a": 3, "b": 5}, {"a": 9, "b": 9})
        assert answers == [(0, {"output_0": [0, 0]})] * 3


def test_scikit_learn(bundle: Bundles, trained: Models) -> None:
    models, service = trained("sklearn"), bundle("sklearn-py311")
    names = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
    service.write(
        models.folder,
        "sklearn",
        "forest.skops",
        inputs=fields(*names),
        outputs=[*fields("kind", type="string"), *fields("chances", type="array")],
    )
    gateway = service.serve()
    (described,) = gateway.ready()["inputs"]

    assert (described["shape"], described["columns"]) == ([-1, 4], list(names))
    ((status, told),) = gateway.call(dict(zip(names, (5.1, 3.5, 1.4, 0.2), strict=True)))
    assert (status, told["kind"]) == (0, "setosa")
    assert sum(told["chances"]) == pytest.approx(1)


def test_scikit_learn_on_a_table_with_texts_and_gaps(bundle: Bundles, trained: Models) -> None:
    service = bundle("sklearn-py311")
    service.write(
        trained("sklearn").folder,
        "sklearn",
        "table.skops",
        inputs=[*fields("rooms"), *fields("city", type="string")],
        outputs=fields("price"),
    )
    gateway = service.serving()

    answers = gateway.call({"city": "a", "rooms": 1}, {"city": "b"}, {"city": "c", "rooms": 1})

    assert answers[:2] == [(0, {"price": near(10)}), (0, {"price": near(20)})]
    assert answers[2][0] == 2
    assert "c" in answers[2][1]["message"]


def test_a_strangers_code_in_an_estimator_is_not_loaded(bundle: Bundles, trained: Models) -> None:
    service = bundle("sklearn-py311")
    service.write(trained("sklearn").folder, "sklearn", "own.skops")

    found = service.probe("inspect")

    assert found["ok"] is False
    assert "strangers" in found["message"]
    assert "不会加载" in found["message_zh"]


@pytest.mark.parametrize(
    ("kind", "main", "environment"),
    [
        ("onnx", "parameters.json", "sklearn-py311"),
        ("torchscript", "weights.pt", "torch-py311"),
        ("fluid", "parameters.json", "fluid-py27"),
    ],
)
def test_what_is_no_model_is_said_in_the_loaders_words(
    kind: str, main: str, environment: str, bundle: Bundles, trained: Models
) -> None:
    models = trained({"onnx": "sklearn", "torchscript": "torch"}.get(kind, kind))
    service = bundle(environment)
    service.write(models.folder, kind, main)

    found = service.probe("inspect")

    assert found["ok"] is False
    assert found["message"]
    assert "predictor/" not in found["traceback"]
