"""集合通信的数据并行训练：每个训练节点都运行这个文件，梯度在节点间求平均。

Data parallel training: every trainer runs this file, and their gradients are averaged.
"""

import os

import numpy as np
import paddle
import paddle.distributed as dist
from visualdl import LogWriter

# 数据集文件会被自动放到 ./datasets 目录下；需要下载的文件请写到 ./output 目录。
# Datasets are found in ./datasets; what is written to ./output can be downloaded.
CLUSTER_DATASET_DIR = "/root/paddlejob/workspace/train_data/datasets/"
CLUSTER_OUTPUT_DIR = "/root/paddlejob/workspace/output"
CHECKPOINT = f"{CLUSTER_OUTPUT_DIR}/checkpoint.pdparams"

EPOCHS = 10
BATCH_SIZE = 32


def batches(rank):
    """本训练节点的数据：y = x·w + 4.2。This trainer's share of the data."""
    numbers = np.random.RandomState(rank)
    weights = np.linspace(-1, 1, 13)
    for _ in range(20):
        x = numbers.normal(size=(BATCH_SIZE, 13))
        y = x @ weights[:, None] + 4.2 + numbers.normal(scale=0.1, size=(BATCH_SIZE, 1))
        yield paddle.to_tensor(x, "float32"), paddle.to_tensor(y, "float32")


def save(epoch, network):
    """先写完再改名，中断也不会留下半个文件。Write, then rename: never half a file."""
    paddle.save({"epoch": epoch, "network": network.state_dict()}, CHECKPOINT + ".new")
    os.replace(CHECKPOINT + ".new", CHECKPOINT)


def main():
    # 只有一个训练节点时就是单机训练。With one trainer this is training on one machine.
    dist.init_parallel_env()
    rank, trainers = dist.get_rank(), dist.get_world_size()
    print(f"trainer {rank} of {trainers}")

    paddle.seed(1)
    network = paddle.nn.Linear(13, 1)
    first = 0
    if os.path.exists(CHECKPOINT):
        # 机器故障后任务会重新开始，从检查点继续。After a lost machine it goes on from here.
        kept = paddle.load(CHECKPOINT)
        network.set_state_dict(kept["network"])
        first = kept["epoch"] + 1
    optimizer = paddle.optimizer.SGD(0.05, parameters=network.parameters())
    model = paddle.DataParallel(network)

    with LogWriter(f"{CLUSTER_OUTPUT_DIR}/log/trainer-{rank}") as log:
        for epoch in range(first, EPOCHS):
            losses = []
            for x, y in batches(rank):
                loss = paddle.nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
                optimizer.clear_grad()
                losses.append(float(loss))
            print(f"epoch {epoch} loss {np.mean(losses):.6f}")
            log.add_scalar("loss", step=epoch, value=float(np.mean(losses)))
            if rank == 0:
                save(epoch, network)


if __name__ == "__main__":
    main()
