"""``fluid_model.py FOLDER``: an untrained model of the guide's form, saved in both ways."""

import json
import sys

import numpy as np
import paddle.fluid as fluid

folder = sys.argv[1]
x = fluid.layers.data(name="x", shape=[13], dtype="float32")
label = fluid.layers.data(name="y", shape=[1], dtype="float32")
prediction = fluid.layers.fc(input=x, size=1, act=None)
loss = fluid.layers.mean(fluid.layers.square_error_cost(input=prediction, label=label))
fluid.optimizer.SGD(learning_rate=0.001).minimize(loss)
executor = fluid.Executor(fluid.CPUPlace())
executor.run(fluid.default_startup_program())
fluid.io.save_inference_model(folder + "/separate", ["x"], [prediction], executor)
fluid.io.save_inference_model(
    folder + "/combined",
    ["x"],
    [prediction],
    executor,
    model_filename="model",
    params_filename="weights",
)
parameters = [
    np.array(fluid.global_scope().find_var(name).get_tensor()).tolist()
    for name in ("fc_0.w_0", "fc_0.b_0")
]
with open(folder + "/parameters.json", "w") as file:
    json.dump(parameters, file)
