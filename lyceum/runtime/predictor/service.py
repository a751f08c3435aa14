# -*- coding: utf-8 -*-
"""One loaded service: its model, its converter, and the way from arguments to output."""

from __future__ import unicode_literals

import os

from predictor import models, places
from predictor.failures import Failure

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_SCALARS = ("float", "integer", "boolean", "string")


class Service(object):
    """``source`` prepares and joins arguments, ``model`` runs, ``output`` finishes."""

    def __init__(self, spec, model, converter=None):
        self.model = model
        self.timeout = spec.get("timeout_seconds") or 30
        self.batchable = bool(spec.get("batch", True) and model.batchable)
        self.source = _source(spec, model, converter)
        self._output = converter and converter.output
        self._fields = spec.get("outputs") or []

    @classmethod
    def load(cls, spec):
        """The service of a ``service.json``; raises whatever loading it raises."""
        model = load_model(spec)
        return cls(spec, model, _converter() if spec.get("converter") else None)

    def described(self):
        """What READY says of it."""
        return {
            "inputs": self.model.inputs,
            "outputs": self.model.outputs,
            "batchable": self.batchable,
        }

    def output(self, results, arguments, prepared):
        """A call's output from its own ``results``, a list of arrays.

        Raises what the converter raises.
        """
        if self._output is not None:
            return self._output(results, arguments)
        names = [each["name"] for each in self.model.outputs]
        made = {}
        for index, result in enumerate(results):
            field = self._fields[index] if index < len(self._fields) else None
            name = field["name"] if field else _name(names, index)
            made[name] = _value(result, field, prepared.added)
        return made


def load_model(spec):
    """The model of a ``service.json``, with the project's files as the working folder.

    Raises whatever loading it raises.
    """
    for name in _THREAD_VARIABLES:
        os.environ.setdefault(name, str(spec.get("threads") or 1))
    os.chdir(places.model_folder())
    return models.load(spec)


def _converter():
    from predictor.converter import Converter

    with open(places.bundle("converter.py"), "rb") as file:
        return Converter(file.read())


def _source(spec, model, converter):
    from predictor import arguments
    from predictor.readers import ReaderInfer

    if converter is not None and converter.reader_infer is not None:
        return ReaderInfer(converter.reader_infer, model.inputs, model.guard)
    if not model.inputs:
        raise Failure(
            "The model says nothing about its inputs; it needs a converter.",
            "模型没有说明它的输入，需要参数转换器。",
        )
    return arguments.sources(spec.get("inputs") or [], model.inputs)


def _name(names, index):
    return names[index] if index < len(names) else "output_%d" % index


def _value(result, field, added):
    """A model's result as a caller gets it; ``added``: its batch axis is ours."""
    if field and field["type"] in _SCALARS and getattr(result, "size", None) == 1:
        return result.reshape(-1)[0]
    return result[0] if added and len(result) == 1 else result
