"""A converter to begin with: it runs as it is, for the declared inputs and the model's own.

Its texts are files (``*.py.txt``) with places for what depends on the model, in the two
forms there are: the guide's, with a reader and a feeder, for fluid, and arrays by name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from django.utils.translation import gettext as _

from lyceum.serving.fields import NUMBERS
from lyceum.serving.models import ModelKind

_FOLDER = Path(__file__).parent
_UNKNOWN = {"name": "x", "dtype": "float32", "shape": None}


def template(
    kind: str, inputs: Sequence[dict[str, Any]], tensors: Sequence[dict[str, Any]] | None
) -> str:
    """The converter of a model of ``kind``; its comments are in the reader's language.

    ``inputs`` are the declared fields, ``tensors`` the model's own inputs (``name``,
    ``dtype``, ``shape``), as far as they are known.
    """
    made_from = list(tensors or [_UNKNOWN])
    values = [_value(tensor, inputs) for tensor in made_from]
    if kind == ModelKind.FLUID:
        return _filled("fluid", **_fluid(made_from, values))
    feeds = [
        f"        {_literal(tensor['name'])}: {_array(tensor, value)},"
        for tensor, value in zip(made_from, values, strict=True)
    ]
    return _filled("arrays", feeds="\n".join(feeds))


def _filled(name: str, **places: str) -> str:
    text = (_FOLDER / f"{name}.py.txt").read_text(encoding="utf-8")
    return Template(text).substitute(
        reader_infer=_("From the parameters of a call to what the model takes."),
        data_args=_("the parameters of a call, checked and with their defaults, by name"),
        reader=_("a reader: called once, it gives the samples and what makes tensors of them"),
        arrays=_("an array for each input of the model, by its name"),
        output=_("From what the model gives to the answer of the call."),
        results=_("the arrays that the model has given"),
        answer=_("anything that can be written as JSON"),
        **places,
    )


def _fluid(tensors: Sequence[dict[str, Any]], values: Sequence[str]) -> dict[str, str]:
    layers = []
    for index, tensor in enumerate(tensors):
        shape = [int(axis) for axis in (tensor["shape"] or [-1, 1])[1:]]
        layers.append(
            f"        input_{index} = fluid.layers.data("
            f"name={_literal(tensor['name'])}, shape={shape}, dtype={_dtype(tensor)!r})"
        )
    names = [f"input_{index}" for index in range(len(tensors))]
    return {
        "layers": "\n".join(layers),
        "variables": ", ".join(names),
        # One sample: the values of the inputs, in the order of the feeder.
        "samples": ", ".join(
            f"np.array({value}, dtype={_dtype(tensor)!r})"
            for tensor, value in zip(tensors, values, strict=True)
        ),
    }


def _value(tensor: dict[str, Any], inputs: Sequence[dict[str, Any]]) -> str:
    """The expression of one row: the parameter of the input's name, else all the numbers."""
    names = [str(each.get("name") or "") for each in inputs]
    if tensor["name"] in names:
        return f"data_args[{_literal(tensor['name'])}]"
    types = [each.get("type") for each in inputs]
    numbers = [
        name for name, kind in zip(names, types, strict=True) if kind in (*NUMBERS, "boolean")
    ]
    of_number = "int" if _dtype(tensor).startswith(("int", "uint")) else "float"
    items = [f"            {of_number}(data_args[{_literal(name)}])," for name in numbers]
    return "\n".join(["[", *items, "        ]"]) if items else "[]"


def _array(tensor: dict[str, Any], value: str) -> str:
    dtype = f", dtype={_dtype(tensor)!r}" if tensor["dtype"] else ""
    shape = tensor["shape"]
    if shape and sum(axis == -1 for axis in shape) <= 1:
        return f"np.array({value}{dtype}).reshape({list(shape)})"
    return f"np.array([{value}]{dtype})"


def _dtype(tensor: dict[str, Any]) -> str:
    dtype = str(tensor["dtype"] or "float32")
    return "object" if dtype == "string" else dtype


def _literal(name: str) -> str:
    """A string literal of Python 2 and 3; the names in ``data_args`` are text in both."""
    literal = json.dumps(name, ensure_ascii=False)
    return literal if name.isascii() else f"u{literal}"
