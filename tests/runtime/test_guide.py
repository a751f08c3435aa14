"""The guide's example, on the environments of its era."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable

import pytest

from tests.runtime import guide
from tests.runtime.making import GUIDES_CALL, Bundle, Trained

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FLUID = ["fluid-py27", "fluid-py37"]


def near(value: float) -> object:
    return pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("environment", FLUID)
def test_the_guides_converter_runs_unchanged(
    environment: str, bundle: Callable[[str], Bundle], trained: Callable[[str], Trained]
) -> None:
    models, service = trained("fluid"), bundle(environment)
    service.write(
        models.folder, "fluid", "separate/__model__", converter=guide.converter(), threads=1
    )
    gateway = service.serving()
    want = near(models.linear(GUIDES_CALL))

    assert gateway.call(GUIDES_CALL) == [(0, [{"predict": [[want]]}])]
    other = {**GUIDES_CALL, "RM": "2.5"}  # the listing makes numbers of texts
    lacking = {name: value for name, value in GUIDES_CALL.items() if name != "LSTAT"}
    answers = gateway.call(GUIDES_CALL, lacking, other, GUIDES_CALL)

    assert answers[0] == answers[3] == (0, [{"predict": [[want]]}])
    assert answers[2] == (
        0,
        [{"predict": [[near(models.linear({**GUIDES_CALL, "RM": 2.5}))]]}],
    )
    status, told = answers[1]
    assert status == 1
    assert told["message"].startswith("KeyError")
    line = guide.converter().splitlines().index('       LSTAT = float(data_args["LSTAT"])') + 1
    assert f'File "converter.py", line {line}, in reader' in told["traceback"]
    assert 'LSTAT = float(data_args["LSTAT"])' in told["traceback"]
    assert "predictor" not in told["traceback"]


@pytest.mark.parametrize("environment", FLUID)
def test_a_model_is_looked_into_and_tried(
    environment: str, bundle: Callable[[str], Bundle], trained: Callable[[str], Trained]
) -> None:
    models, service = trained("fluid"), bundle(environment)
    service.write(
        models.folder,
        "fluid",
        "combined/model",
        params_file="model/combined/weights",
        converter="# -*- coding: gbk -*-\n"
        + guide.converters()[0]
        + "def output(results, data_args):\n    print(u'预测', data_args[u'CRIM'])\n"
        "    return {'价格': results[0]}\n",
    )

    found = service.probe("inspect")
    told = service.probe("try", GUIDES_CALL)

    assert found["ok"] is True
    assert found["inputs"] == [{"name": "x", "dtype": "float32", "shape": [-1, 13]}]
    assert [each["shape"] for each in found["outputs"]] == [[-1, 1]]
    assert told["output"] == {"价格": [[near(models.linear(GUIDES_CALL))]]}
    assert "0.01887747" in told["prints"]
    assert told["seconds"] > 0


PYTHON_2 = """
import sys
reload(sys)
sys.setdefaultencoding('utf-8')

def reader_infer(data_args):
    print u'价格', '特征'
    if data_args['do'] == 'raise':
        raise ValueError(u'别这样')
    if data_args['do'] == 'tensors':
        import paddle.fluid as fluid
        import numpy as np
        one = fluid.create_lod_tensor(np.ones((1, 13), 'float32'), [[1]], fluid.CPUPlace())
        return {'x': one}
    return {'x': [[1.0] * 13]}

def output(results, data_args):
    if data_args['do'] == 'bytes':
        return ['\\xff']
    return {'价格': u'值', u'名': '值'}
"""


def test_texts_of_both_kinds_on_python_2(
    bundle: Callable[[str], Bundle], trained: Callable[[str], Trained]
) -> None:
    service = bundle("fluid-py27")
    service.write(trained("fluid").folder, "fluid", "separate/__model__", converter=PYTHON_2)
    gateway = service.serving()

    fine, raised, no_text, tensors = gateway.call(
        *({"do": each} for each in ("fine", "raise", "bytes", "tensors")), flags=1
    )

    assert fine[0] == tensors[0] == 0
    assert fine[1]["output"] == tensors[1]["output"] == {"价格": "值", "名": "值"}
    assert fine[1]["prints"] == "价格 特征\n"
    assert (raised[0], raised[1]["message"]) == (1, "ValueError: 别这样")
    assert no_text[0] == 3
    assert "[0] is no UTF-8 text" in no_text[1]["message"]
    assert "价格 特征" in service.printed()


def test_pictures_come_as_the_guides_converters_expect_them(
    bundle: Callable[[str], Bundle], trained: Callable[[str], Trained]
) -> None:
    models = trained("fluid")
    dot = struct.pack("<2sIHHIIIIHHIIIIIIB3x", b"BM", 58, 0, 0, 54, 40, 1, 1, 1, 24, *[0] * 6, 255)
    converter = (
        "import numpy as np\nfrom home.utility import base64_to_image\n"
        "def reader_infer(data_args):\n"
        "    grey = np.array(base64_to_image(data_args['img']).convert('RGB'))\n"
        "    return {'x': np.full((1, 13), grey[0, 0, 2], 'float32')}\n"
    )
    text = base64.b64encode(dot).decode()
    for environment, form in zip(FLUID, (text, "data:image/bmp;base64," + text), strict=True):
        service = bundle(environment)
        service.write(models.folder, "fluid", "separate/__model__", converter=converter)
        told = service.probe("try", {"img": form})
        assert told["ok"], told
        ((found,),) = next(iter(told["output"].values()))
        want = models.linear(dict.fromkeys(GUIDES_CALL, 255.0))
        assert found == pytest.approx(want, rel=1e-4)
