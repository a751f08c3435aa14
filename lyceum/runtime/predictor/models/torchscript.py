"""A TorchScript module, saved by ``torch.jit.save``."""

from __future__ import absolute_import

import numpy as np
import torch
from predictor.models.common import no_guard, path_of

_WHOLE = "iu"


class Model(object):
    """A module says its arguments' names, neither their types nor their shapes; that rows
    of several callers may go in one run is the convention, which `Answerer` checks."""

    guard = staticmethod(no_guard)
    batchable = True

    def __init__(self, spec):
        torch.set_num_threads(int(spec.get("threads") or 1))
        self._module = torch.jit.load(path_of(spec, "main_program"), map_location="cpu").eval()
        schema = self._module.forward.schema
        self._names = [each.name for each in schema.arguments[1:] if not each.has_default_value()]
        self._as_floats = False
        self.inputs = [{"name": name, "dtype": None, "shape": None} for name in self._names]
        self.outputs = [
            {"name": each.name or "output_%d" % index, "dtype": None, "shape": None}
            for index, each in enumerate(_returned(schema.returns))
        ]

    def run(self, feeds):
        arrays = [np.ascontiguousarray(feeds[name]) for name in self._names]
        if self._as_floats:
            return self._run(_floats(arrays))
        try:
            return self._run(arrays)
        except RuntimeError:
            # JSON, and JavaScript most of all, has no 1.0 beside 1.
            if all(array.dtype.kind not in _WHOLE for array in arrays):
                raise
            found = self._run(_floats(arrays))
            self._as_floats = True
            return found

    def _run(self, arrays):
        with torch.inference_mode():
            return _arrays(self._module(*[torch.from_numpy(array) for array in arrays]))


def _floats(arrays):
    return [each.astype("float32") if each.dtype.kind in _WHOLE else each for each in arrays]


class _Unnamed(object):
    name = ""


def _returned(returns):
    """One for each array that `_arrays` makes, as far as the schema says."""
    if len(returns) == 1 and returns[0].type.kind() == "TupleType":
        return [_Unnamed() for _ in returns[0].type.elements()]
    return returns


def _arrays(value):
    if isinstance(value, torch.Tensor):
        return [value.float().numpy() if value.dtype == torch.bfloat16 else value.numpy()]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [array for each in value for array in _arrays(each)]
    return [np.asarray(value)]
