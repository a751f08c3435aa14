"""A model of PaddlePaddle 2 and 3, saved by ``paddle.jit.save`` or ``save_inference_model``."""

from __future__ import absolute_import

import numpy as np
from paddle import inference
from predictor import programs
from predictor.models.common import no_guard, path_of, rows_may_vary


class Model(object):
    guard = staticmethod(no_guard)

    def __init__(self, spec):
        main_program = path_of(spec, "main_program")
        self._predictor = _predictor(main_program, path_of(spec, "params_file"), spec)
        with open(main_program, "rb") as file:
            program = programs.read(file.read())
        self.inputs = _described(self._predictor.get_input_names(), program.inputs)
        self.outputs = _described(self._predictor.get_output_names(), program.outputs)
        self.batchable = rows_may_vary(self.inputs)
        self._inputs = [
            (each["name"], self._predictor.get_input_handle(each["name"])) for each in self.inputs
        ]
        self._outputs = [self._predictor.get_output_handle(each["name"]) for each in self.outputs]

    def run(self, feeds):
        for name, handle in self._inputs:
            handle.copy_from_cpu(np.ascontiguousarray(feeds[name]))
        self._predictor.run()
        return [handle.copy_to_cpu() for handle in self._outputs]


def _predictor(main_program, params_file, spec):
    config = inference.Config(main_program, params_file)
    config.disable_gpu()
    config.disable_glog_info()
    config.set_cpu_math_library_num_threads(int(spec.get("threads") or 1))
    return inference.create_predictor(config)


def _described(names, variables):
    """The predictor's names in its order, with what the program says of each."""
    known = {each["name"]: each for each in variables}
    unknown = {"dtype": None, "shape": None}
    if not all(name in known for name in names) and len(names) == len(variables):
        known = dict(zip(names, variables, strict=True))  # the predictor has renamed them
    return [dict(known.get(name, unknown), name=name) for name in names]
