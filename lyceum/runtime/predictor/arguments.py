# -*- coding: utf-8 -*-
"""From a call's arguments to what the model is fed with, where no converter does it."""

# ruff: noqa: RUF005, B905 - Python 2.7 has no such thing

from __future__ import unicode_literals

import numpy as np
from predictor.failures import Failure

_NUMERIC = ("float", "integer", "boolean")


class Prepared(object):
    """One call's share of a run: ``count`` rows, ``added`` if we have made the one row.

    ``count`` is ``None`` for what can't share a run.
    """

    def __init__(self, content, count, added=False, feeder=None):
        self.content = content
        self.count = count
        self.added = added
        self.feeder = feeder


class StackedFields(object):
    """The declared numbers, in their order, are one row of the model's only input."""

    def __init__(self, names, dtype, model_input):
        self._names = names
        self._dtype = _numpy_type(dtype)
        self._input = model_input

    def prepare(self, arguments):
        """Raises ``Failure`` where a number is missing."""
        row = [arguments.get(name) for name in self._names]
        if None in row:
            raise _missing(self._names[row.index(None)])
        return Prepared(row, 1, added=True)

    def join(self, prepared):
        """What to feed for all of ``prepared``: a row each."""
        rows = np.array([each.content for each in prepared], self._dtype)
        shape = self._input["shape"]
        if shape is not None and len(shape) != 2 and -1 not in shape[1:]:
            rows = rows.reshape([len(prepared)] + list(shape[1:]))
        return {self._input["name"]: fitting(rows, self._input)}


class TableFields(StackedFields):
    """The arguments of the names of a table's columns are one row of it.

    One that is not given is a missing value, as tables have them.
    """

    def __init__(self, fields, model_input):
        types = {field["name"]: field["type"] for field in fields}
        self._types = [types[name] for name in model_input["columns"]]
        numeric = all(each in _NUMERIC for each in self._types)
        dtype = _floats(model_input) if numeric else "object"
        StackedFields.__init__(self, model_input["columns"], dtype, model_input)

    def prepare(self, arguments):
        row = [arguments.get(name) for name in self._names]
        for index, kind in enumerate(self._types):
            if kind in _NUMERIC and row[index] is None:
                row[index] = float("nan")
            elif kind == "float":
                row[index] = float(row[index])
        return Prepared(row, 1, added=True)


class NamedFields(object):
    """Each input of the model gets the argument of its name."""

    def __init__(self, inputs):
        self._inputs = inputs

    def prepare(self, arguments):
        """Raises ``Failure`` for an argument that is missing or has no fitting shape."""
        arrays, added = {}, False
        for each in self._inputs:
            value = arguments.get(each["name"])
            if value is None:
                raise _missing(each["name"])
            array = as_array(value, each)
            arrays[each["name"]], fresh = _with_batch_axis(array, each)
            added = added or fresh
        return of_arrays(arrays, self._inputs, added)

    def join(self, prepared):
        return join_arrays(prepared)


def of_arrays(arrays, inputs, added=False):
    """``Prepared`` of arrays by the model's input names; raises ``Failure``."""
    for each in inputs:
        if each["name"] not in arrays:
            raise _missing(each["name"])
    arrays = {each["name"]: as_array(arrays[each["name"]], each) for each in inputs}
    arrays = {each["name"]: fitting(arrays[each["name"]], each) for each in inputs}
    counts = {array.shape[0] if array.ndim else 1 for array in arrays.values()}
    return Prepared(arrays, counts.pop() if len(counts) == 1 else None, added)


def join_arrays(prepared):
    """Arrays by name, those of all ``prepared`` one below the other; raises ``ValueError``."""
    first = prepared[0].content
    if len(prepared) == 1:
        return first
    joined = {}
    for name in first:
        arrays = [each.content[name] for each in prepared]
        if len({array.dtype for array in arrays}) != 1:
            raise ValueError("arrays of different types")
        joined[name] = np.concatenate(arrays)
    return joined


def as_array(value, model_input):
    """``value`` as an array of the type of ``model_input``; raises ``Failure``."""
    name, dtype = model_input["name"], model_input["dtype"]
    try:
        array = np.asarray(value)
        if array.dtype == object and dtype != "object":
            raise ValueError("rows of different lengths, or no numbers")
        if dtype is None:
            return array.astype(_floats(model_input)) if array.dtype == np.float64 else array
        return array.astype(_numpy_type(dtype), copy=False)
    except (TypeError, ValueError) as error:
        raise Failure(  # noqa: B904 - Python 2
            "The model's input %s can't be made from this value: %s." % (name, error),
            "无法用这个值构造模型输入 %s：%s。" % (name, error),
        )


def fitting(array, model_input):
    """``array`` if it has the shape that the model says; raises ``Failure``."""
    shape = model_input["shape"]
    if shape is None or (
        len(shape) == array.ndim
        and all(here in (-1, there) for here, there in zip(shape, array.shape))
    ):
        return array
    return _refuse_shape(array, model_input)


def sources(fields, inputs):
    """How arguments declared by ``fields`` become the model's ``inputs``; ``Failure`` if not."""
    names = {field["name"] for field in fields}
    if not fields or all(each["name"] in names for each in inputs):
        return NamedFields(inputs)
    if len(inputs) == 1 and names.issuperset(inputs[0].get("columns") or [None]):
        return TableFields(fields, inputs[0])
    numbers = [field for field in fields if field["type"] in _NUMERIC]
    if len(inputs) != 1 or not numbers:
        raise Failure(
            "Without a converter each input of the model needs a parameter of its name: %s."
            % ", ".join(each["name"] for each in inputs),
            "不使用参数转换器时，每个模型输入都需要一个同名参数：%s。"
            % "、".join(each["name"] for each in inputs),
        )
    whole = all(field["type"] == "integer" for field in numbers)
    dtype = inputs[0]["dtype"] or ("int64" if whole else _floats(inputs[0]))
    return StackedFields([field["name"] for field in numbers], dtype, inputs[0])


def _floats(model_input):
    """The type of fractions where the model does not say its type."""
    return model_input.get("floats", "float32")


def _with_batch_axis(array, model_input):
    """The array, and whether the batch axis was missing from it."""
    shape = model_input["shape"]
    if shape is None:
        added = array.ndim < 2
        return (array.reshape(1, -1) if added else array), added
    if array.ndim == len(shape) - 1:
        return fitting(array.reshape((1,) + array.shape), model_input), True
    if array.ndim == 0 and all(size in (-1, 1) for size in shape):
        return array.reshape((1,) * len(shape)), True
    return fitting(array, model_input), False


def _numpy_type(dtype):
    return {"string": "object", "bfloat16": "float32"}.get(dtype, dtype)


def _missing(name):
    return Failure("The model needs a value for %s." % name, "模型需要参数 %s 的值。" % name)


def _refuse_shape(array, model_input):
    words = (model_input["name"], list(model_input["shape"]), list(array.shape))
    raise Failure(
        "The model's input %s has the shape %s, not %s." % words,
        "模型输入 %s 的形状是 %s，而不是 %s。" % words,
    )
