"""Runs in an environment's interpreter: a fluid model of 13 numbers, as the guide saves it.

``python modelling.py <folder>``; prints its prediction for thirteen times 0.5.
"""

import sys

import numpy as np
import paddle.fluid as fluid

x = fluid.layers.data(name="x", shape=[13], dtype="float32")
y = fluid.layers.fc(input=x, size=1, act=None)
executor = fluid.Executor(fluid.CPUPlace())
executor.run(fluid.default_startup_program())
fluid.io.save_inference_model(sys.argv[1], ["x"], [y], executor)
row = np.full((1, 13), 0.5, "float32")
print(executor.run(fluid.default_main_program(), feed={"x": row}, fetch_list=[y])[0][0][0])
