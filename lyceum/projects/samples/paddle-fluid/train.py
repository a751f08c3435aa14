# -*- coding: utf-8 -*-
"""参数服务器模式的分布式训练：每个进程都运行这个文件，角色由环境变量告知。

Distributed training with parameter servers: every process runs this file, and learns its
role from the variables of its environment.
"""

from __future__ import division, print_function

import os

import numpy as np
import paddle.fluid as fluid
from visualdl import LogWriter

# 数据集文件会被自动放到 ./datasets 目录下；需要下载的文件请写到 ./output 目录。
# Datasets are found in ./datasets; what is written to ./output can be downloaded.
CLUSTER_DATASET_DIR = "/root/paddlejob/workspace/train_data/datasets/"
CLUSTER_OUTPUT_DIR = "/root/paddlejob/workspace/output"

PADDLE_TRAINING_ROLE = os.environ["PADDLE_TRAINING_ROLE"]
trainer_id = int(os.environ["PADDLE_TRAINER_ID"])
trainers = int(os.environ["PADDLE_TRAINERS"])
# 没有参数服务器时为空，此时就是单机训练。Empty without parameter servers: one machine trains.
pserver_endpoints = os.environ.get("PADDLE_PSERVER_ENDPOINTS", "")
current_endpoint = os.environ["PADDLE_CURRENT_ENDPOINT"]

EPOCHS = 10
BATCH_SIZE = 32


def reader():
    """本训练节点的数据：y = x·w + 4.2。This trainer's share of the data."""
    numbers = np.random.RandomState(trainer_id)
    weights = np.linspace(-1, 1, 13)
    for _ in range(20):
        x = numbers.normal(size=(BATCH_SIZE, 13))
        y = x.dot(weights)[:, None] + 4.2 + numbers.normal(scale=0.1, size=(BATCH_SIZE, 1))
        yield x.astype("float32"), y.astype("float32")


def train(exe, program):
    """训练，0 号训练节点保存指标和模型。Train; trainer 0 keeps figures and model."""
    writer = LogWriter(
        os.path.join(CLUSTER_OUTPUT_DIR, "log", "trainer-%d" % trainer_id), sync_cycle=10
    )
    with writer.mode("train") as logger:
        scalar = logger.scalar("loss")
    for epoch in range(EPOCHS):
        losses = [
            exe.run(program, feed={"x": x, "y": y}, fetch_list=[loss])[0] for x, y in reader()
        ]
        print("epoch %d loss %.6f" % (epoch, np.mean(losses)))
        scalar.add_record(epoch, float(np.mean(losses)))
    if trainer_id == 0:
        fluid.io.save_inference_model(
            os.path.join(CLUSTER_OUTPUT_DIR, "model"), ["x"], [prediction], exe
        )


x = fluid.layers.data(name="x", shape=[13], dtype="float32")
y = fluid.layers.data(name="y", shape=[1], dtype="float32")
prediction = fluid.layers.fc(input=x, size=1)
loss = fluid.layers.mean(fluid.layers.square_error_cost(input=prediction, label=y))
fluid.optimizer.SGD(learning_rate=0.05).minimize(loss)

exe = fluid.Executor(fluid.CPUPlace())
if not pserver_endpoints:
    exe.run(fluid.default_startup_program())
    train(exe, fluid.default_main_program())
else:
    # 按角色把单机网络改写成各节点运行的网络。Rewrite the network for this process's role.
    t = fluid.DistributeTranspiler()
    t.transpile(trainer_id=trainer_id, pservers=pserver_endpoints, trainers=trainers)
    if PADDLE_TRAINING_ROLE == "TRAINER":
        trainer_prog = t.get_trainer_program()
        exe.run(fluid.default_startup_program())
        train(exe, trainer_prog)
        # 告诉参数服务器训练已结束。Tell the parameter servers that this trainer is done.
        exe.close()
    elif PADDLE_TRAINING_ROLE == "PSERVER":
        pserver_prog = t.get_pserver_program(current_endpoint)
        exe.run(t.get_startup_program(current_endpoint, pserver_prog))
        print("serving at", current_endpoint)
        exe.run(pserver_prog)
