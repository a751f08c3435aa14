"""``paddle_model.py FOLDER``: two inputs, two outputs, in Paddle 3's form and the one before."""

import json
import sys

import paddle
from paddle.static import InputSpec

folder = sys.argv[1]


class Two(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(13, 1)

    def forward(self, x, t):
        return self.fc(x), t.sum(axis=1)


model = Two()
specs = [InputSpec([None, 13], "float32", name="x"), InputSpec([None, 3], "int64", name="t")]
paddle.jit.save(model, folder + "/two", input_spec=specs)
with open(folder + "/parameters.json", "w") as file:
    json.dump([model.fc.weight.tolist(), model.fc.bias.tolist()], file)

paddle.enable_static()
with paddle.pir_utils.OldIrGuard():
    program, start = paddle.static.Program(), paddle.static.Program()
    with paddle.static.program_guard(program, start):
        x = paddle.static.data("x", [-1, 13], "float32")
        y = paddle.static.nn.fc(x, 1)
        executor = paddle.static.Executor(paddle.CPUPlace())
        executor.run(start)
        paddle.static.save_inference_model(folder + "/old", [x], [y], executor, program=program)
