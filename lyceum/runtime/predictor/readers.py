# -*- coding: utf-8 -*-
"""From a call's arguments to what the model is fed with, by the learner's `reader_infer`."""

# ruff: noqa: RUF005, B905 - Python 2.7 has no such thing

from __future__ import unicode_literals

import numpy as np
from predictor.arguments import Prepared, join_arrays, of_arrays
from predictor.failures import Failure

_SAME = ("feed_names", "feed_shapes", "feed_dtypes", "feed_lod_level")


class ReaderInfer(object):
    """Calls a converter's ``reader_infer`` inside ``guard()``, a context of the framework's.

    It may return a reader, called once with nothing, or what a reader returns or yields:
    ``(minibatch, feeder)``, a list of samples and what makes arrays of them; ``None`` or
    the inputs' names in place of a feeder; arrays by name; or, for a model with one
    input, the array.
    """

    def __init__(self, reader_infer, inputs, guard):
        self._reader_infer = reader_infer
        self._inputs = inputs
        self._guard = guard

    def prepare(self, arguments):
        """Raises what the converter raises, and ``Failure``."""
        with self._guard():
            made = self._reader_infer(arguments)
            if callable(made) and not hasattr(made, "__array__"):
                made = made()
            if hasattr(made, "__next__") or hasattr(made, "next"):
                made = next(made)
        return self._prepared(made)

    def join(self, prepared):
        """What to feed for all of ``prepared``; raises ``ValueError`` where they differ."""
        feeder = prepared[0].feeder
        if feeder is None:
            if any(each.feeder is not None for each in prepared):
                raise ValueError("some have a feeder")
            return join_arrays(prepared)
        samples = []
        for each in prepared:
            if not _alike(feeder, each.feeder):
                raise ValueError("different feeders")
            samples.extend(each.content)
        return feeder.feed(samples)

    def _prepared(self, made):
        if made is None:
            raise Failure("reader_infer has returned nothing.", "reader_infer 没有返回任何值。")
        if isinstance(made, dict):
            if any(hasattr(each, "recursive_sequence_lengths") for each in made.values()):
                return Prepared(made, None)  # fluid's own tensors, with sequences in them
            return of_arrays(made, self._inputs)
        if isinstance(made, tuple) and len(made) == 2:
            minibatch, feeder = made
            if hasattr(feeder, "feed"):
                return Prepared(list(minibatch), len(minibatch), feeder=feeder)
            if feeder is None or _are_names(feeder):
                return self._of_samples(minibatch, feeder)
        return self._of_value(made)

    def _of_samples(self, minibatch, names):
        names = list(names or [each["name"] for each in self._inputs])
        columns = [[sample[slot] for sample in minibatch] for slot in range(len(names))]
        by_name = {each["name"]: each for each in self._inputs}
        arrays = {}
        for name, column in zip(names, columns):
            arrays[name] = _shaped(np.array(column), by_name.get(name))
        return of_arrays(arrays, self._inputs)

    def _of_value(self, made):
        if len(self._inputs) == 1:
            return of_arrays({self._inputs[0]["name"]: made}, self._inputs)
        if isinstance(made, (list, tuple)) and len(made) == len(self._inputs):
            names = [each["name"] for each in self._inputs]
            return of_arrays(dict(zip(names, made)), self._inputs)
        raise Failure(
            "reader_infer has returned a %s; the model has %d inputs."
            % (type(made).__name__, len(self._inputs)),
            "reader_infer 返回了 %s，而模型有 %d 个输入。"
            % (type(made).__name__, len(self._inputs)),
        )


def _are_names(feeder):
    return isinstance(feeder, (list, tuple)) and all(hasattr(each, "lower") for each in feeder)


def _shaped(array, model_input):
    """As a feeder does: samples may come flat, or each with a batch axis of one."""
    shape = model_input and model_input["shape"]
    if not shape or len(shape) == array.ndim or -1 in shape[1:]:
        return array
    return array.reshape([-1] + list(shape[1:]))


def _alike(feeder, other):
    return type(feeder) is type(other) and all(
        getattr(feeder, name, None) == getattr(other, name, None) for name in _SAME
    )
