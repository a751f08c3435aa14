"""A model in the ONNX format, run by ONNX Runtime."""

from __future__ import absolute_import

import onnxruntime
from predictor.models.common import dimensions, no_guard, path_of, rows_may_vary

_TYPES = {
    "float": "float32",
    "double": "float64",
    "float16": "float16",
    "bfloat16": "bfloat16",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "uint8": "uint8",
    "uint16": "uint16",
    "uint32": "uint32",
    "uint64": "uint64",
    "bool": "bool",
    "string": "string",
}
_ERRORS_ONLY = 3


class Model(object):
    guard = staticmethod(no_guard)

    def __init__(self, spec):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(spec.get("threads") or 1)
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        # Threads that wait for work by spinning would cost an idle service a processor.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            path_of(spec, "main_program"), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = [_described(each) for each in self._session.get_inputs()]
        self.outputs = [_described(each) for each in self._session.get_outputs()]
        self.batchable = rows_may_vary(self.inputs)

    def run(self, feeds):
        return self._session.run(None, feeds)


def _described(node):
    """``tensor(float)`` of a tensor; sequences and maps have neither type nor shape."""
    kind, _, inner = node.type.partition("(")
    tensor = kind == "tensor"
    return {
        "name": node.name,
        "dtype": _TYPES.get(inner.rstrip(")")) if tensor else None,
        "shape": dimensions(node.shape) if tensor and node.shape is not None else None,
    }
