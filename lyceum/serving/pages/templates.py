"""Converters to begin with, written for a draft's own model and parameters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from lyceum.serving.converters import template
from lyceum.serving.models import Draft, ModelKind

_DEFAULT_TENSOR = {"name": "x", "dtype": "float32", "shape": [-1, 3, 224, 224]}
_OUTPUT = "\n\ndef output("


@dataclass(frozen=True, slots=True)
class ConverterTemplate:
    """A converter's text under a name for people; ``key`` is for the page."""

    key: str
    title: str
    text: str


def converter_templates(draft: Draft) -> list[ConverterTemplate]:
    """The first is what the editor begins with: it works for a model of plain numbers."""
    tensors = draft.inspection.get("inputs") or []
    tensor = tensors[0] if tensors else _DEFAULT_TENSOR
    names = [str(each.get("name") or "") for each in draft.inputs]
    plain = template(draft.kind, draft.inputs, tensors)
    rows = plain.partition(_OUTPUT)[0]
    picture = (_fluid_picture if draft.kind == ModelKind.FLUID else _picture)(tensor, names)
    return [
        ConverterTemplate("numbers", _("Numbers in, numbers out"), plain),
        ConverterTemplate("labels", _("Numbers in, a class out"), rows + _label_output()),
        ConverterTemplate("picture", _("A picture in, a class out"), picture + _label_output()),
        ConverterTemplate("guide", _("The two functions, empty"), _empty()),
    ]


def _fluid_picture(tensor: dict[str, Any], names: Sequence[str]) -> str:
    return f'''import numpy as np
import paddle.fluid as fluid
from home.utility import base64_to_image


def reader_infer(data_args):
    """{_about_reader()}"""
    def reader():
{_fluid_feeder(tensor)}
{_read_picture(tensor, names, "        ")}
        return [[pixels]], feeder
    return reader
'''


def _picture(tensor: dict[str, Any], names: Sequence[str]) -> str:
    return f'''import numpy as np
from home.utility import base64_to_image


def reader_infer(data_args):
    """{_about_reader()}"""
{_read_picture(tensor, names, "    ")}
    return {{{json.dumps(tensor["name"])}: pixels[np.newaxis]}}
'''


def _fluid_feeder(tensor: dict[str, Any]) -> str:
    shape = json.dumps(_row_shape(tensor))
    name, dtype = json.dumps(tensor["name"]), json.dumps(tensor["dtype"])
    return (
        f"        x = fluid.layers.data(name={name}, shape={shape}, dtype={dtype})\n"
        "        feeder = fluid.DataFeeder(place=fluid.CPUPlace(), feed_list=[x])"
    )


def _read_picture(tensor: dict[str, Any], names: Sequence[str], indent: str) -> str:
    shape = _row_shape(tensor)
    axes = shape if len(shape) == 3 else [3, 224, 224]
    mode = "L" if axes[0] == 1 else "RGB"
    mark = "[np.newaxis]" if mode == "L" else ".transpose(2, 0, 1)"
    about = _("a PIL image, from Base64 with or without “data:image/png;base64,”")
    lines = [
        f"# {about}",
        f"image = base64_to_image(data_args[{json.dumps(names[0] if names else 'image')}])",
        f'image = image.convert("{mode}").resize(({axes[2]}, {axes[1]}))',
        f"pixels = (np.asarray(image, dtype={json.dumps(tensor['dtype'])}) / 255){mark}",
    ]
    return "\n".join(indent + line for line in lines)


def _label_output() -> str:
    about_labels = _("names of the classes, in the model's order")
    return f'''

LABELS = []  # {about_labels}


def output(results, data_args):
    """{_about_output()}"""
    scores = np.asarray(results[0]).reshape(-1)
    best = int(scores.argmax())
    label = LABELS[best] if best < len(LABELS) else best
    return {{"label": label, "scores": scores.tolist()}}
'''


def _empty() -> str:
    return f'''def reader_infer(data_args):
    """{_about_reader()}"""
    pass


def output(results, data_args):
    """{_about_output()}"""
    pass
'''


def _about_reader() -> str:
    return _("data_args is the request as a dict; what is returned goes into the model.")


def _about_output() -> str:
    return _("results are the model's outputs; what is returned is answered, as JSON.")


def _row_shape(tensor: dict[str, Any]) -> list[int]:
    shape = [int(axis) for axis in tensor.get("shape") or [-1, 1]]
    return [abs(axis) for axis in (shape[1:] if len(shape) > 1 else shape)]
