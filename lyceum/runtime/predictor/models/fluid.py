"""A model of PaddlePaddle 1.x, saved by ``fluid.io.save_inference_model``."""

from __future__ import absolute_import

import os
from contextlib import contextmanager

# Half a gigabyte is taken at the first run otherwise; read when Paddle is imported.
os.environ.setdefault("FLAGS_initial_cpu_memory_in_mb", "4")

import numpy as np
import paddle.fluid as fluid
from paddle.fluid import framework, unique_name
from predictor.models.common import dimensions, path_of, rows_may_vary


class Model(object):
    def __init__(self, spec):
        main_program, params_file = path_of(spec, "main_program"), path_of(spec, "params_file")
        folder = os.path.dirname(main_program)
        self._scope = fluid.core.Scope()
        self._executor = fluid.Executor(fluid.CPUPlace())
        with fluid.scope_guard(self._scope):
            self._program, names, self._targets = fluid.io.load_inference_model(
                folder,
                self._executor,
                model_filename=os.path.basename(main_program),
                params_filename=os.path.relpath(params_file, folder) if params_file else None,
            )
        block = self._program.global_block()
        self.inputs = [_described(block.var(name)) for name in names]
        self.outputs = [_described(variable) for variable in self._targets]
        self._types = {each["name"]: each["dtype"] for each in self.inputs}
        self.batchable = rows_may_vary(self.inputs) and not any(
            variable.lod_level for variable in self._targets
        )

    def run(self, feeds):
        found = self._executor.run(
            self._program,
            feed=feeds,
            fetch_list=self._targets,
            scope=self._scope,
            return_numpy=False,
            use_program_cache=True,
        )
        return [np.array(tensor) for tensor in found]

    @contextmanager
    def guard(self):
        """`fluid.layers.data` of each call gets a program, and so its name, of its own.

        As `fluid.program_guard` and `unique_name.guard` do, in a third of their time.
        """
        main = framework.switch_main_program(fluid.Program())
        startup = framework.switch_startup_program(fluid.Program())
        names = unique_name.switch()
        try:
            yield
        finally:
            unique_name.switch(*names)
            framework.switch_startup_program(startup)
            framework.switch_main_program(main)


def _described(variable):
    return {
        "name": str(variable.name),
        "dtype": str(fluid.data_feeder.convert_dtype(variable.dtype)),
        "shape": dimensions(variable.shape),
    }
