# -*- coding: utf-8 -*-
"""A loaded model of each kind, all alike to who runs them.

``inputs`` and ``outputs`` are lists of ``{"name", "dtype", "shape"}``: ``shape`` has -1
for what may vary, ``dtype`` is numpy's name or ``string``; each is ``None`` where the
model does not say. An input may also have ``columns``, the names in a table that it was
fitted on, and ``floats``, the type of fractions where it has none itself. ``run(feeds)``
takes arrays by input name and gives a list of arrays, one an output. ``batchable`` says
that rows of several callers may go in one run. ``guard()`` is a context to call a
converter's `reader_infer` in.
"""

from __future__ import unicode_literals

import importlib

from predictor.failures import Failure

KINDS = ("fluid", "paddle", "onnx", "torchscript", "sklearn")


def load(spec):
    """The model of a ``service.json``; raises what the framework raises."""
    kind = spec["kind"]
    if kind not in KINDS:
        raise Failure("There is no kind of model %r." % kind, "没有这种模型：%s。" % kind)
    return importlib.import_module("predictor.models." + kind).Model(spec)
