"""A model of PaddlePaddle 2 and 3, saved by ``paddle.jit.save`` or ``save_inference_model``."""

from __future__ import absolute_import

import numpy as np
from paddle import inference
from predictor.models.common import dimensions, no_guard, path_of, rows_may_vary

_TYPES = {
    "FLOAT32": "float32",
    "FLOAT64": "float64",
    "FLOAT16": "float16",
    "BFLOAT16": "bfloat16",
    "INT64": "int64",
    "INT32": "int32",
    "INT8": "int8",
    "UINT8": "uint8",
    "BOOL": "bool",
}


class Model(object):
    guard = staticmethod(no_guard)

    def __init__(self, spec):
        config = inference.Config(path_of(spec, "main_program"), path_of(spec, "params_file"))
        config.disable_gpu()
        config.disable_glog_info()
        config.set_cpu_math_library_num_threads(int(spec.get("threads") or 1))
        self._predictor = inference.create_predictor(config)
        self.inputs = _described(
            self._predictor.get_input_names(),
            self._predictor.get_input_handle,
            self._predictor.get_input_tensor_shape(),
        )
        self.outputs = _described(
            self._predictor.get_output_names(),
            self._predictor.get_output_handle,
            self._predictor.get_output_tensor_shape(),
        )
        self.batchable = rows_may_vary(self.inputs)
        self._inputs = [(name, self._handle(name)) for name in self._predictor.get_input_names()]
        self._outputs = [
            self._predictor.get_output_handle(name) for name in self._predictor.get_output_names()
        ]

    def run(self, feeds):
        for name, handle in self._inputs:
            handle.copy_from_cpu(np.ascontiguousarray(feeds[name]))
        self._predictor.run()
        return [handle.copy_to_cpu() for handle in self._outputs]

    def _handle(self, name):
        return self._predictor.get_input_handle(name)


def _described(names, handle, shapes):
    described = []
    for name in names:
        kind = str(handle(name).type()).rpartition(".")[2].upper()
        shape = shapes.get(name)
        described.append(
            {
                "name": name,
                "dtype": _TYPES.get(kind),
                "shape": dimensions(shape) if shape is not None else None,
            }
        )
    return described
