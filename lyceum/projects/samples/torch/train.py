"""DistributedDataParallel 数据并行训练：每个训练节点都运行这个文件，梯度在节点间求平均。

Data parallel training: every trainer runs this file, and their gradients are averaged.
"""

import os

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset
from visualdl import LogWriter

# 数据集文件会被自动放到 ./datasets 目录下；需要下载的文件请写到 ./output 目录。
# Datasets are found in ./datasets; what is written to ./output can be downloaded.
CLUSTER_DATASET_DIR = "/root/paddlejob/workspace/train_data/datasets/"
CLUSTER_OUTPUT_DIR = "/root/paddlejob/workspace/output"
CHECKPOINT = f"{CLUSTER_OUTPUT_DIR}/checkpoint.pt"

EPOCHS = 10
BATCH_SIZE = 64  # 所有训练节点合计。Of all trainers together.


def dataset():
    """1280 行数据：y = x·w + 4.2。1,280 rows of data."""
    numbers = torch.Generator().manual_seed(1)
    x = torch.randn(1280, 13, generator=numbers)
    y = x @ torch.linspace(-1, 1, 13)[:, None] + 4.2
    return TensorDataset(x, y + 0.1 * torch.randn(1280, 1, generator=numbers))


def save(epoch, network):
    """先写完再改名，中断也不会留下半个文件。Write, then rename: never half a file."""
    torch.save({"epoch": epoch, "network": network.state_dict()}, CHECKPOINT + ".new")
    os.replace(CHECKPOINT + ".new", CHECKPOINT)


def main():
    # 地址、编号和总数都在环境变量里。Addresses, rank and size are in the environment.
    dist.init_process_group("gloo")
    rank, trainers = dist.get_rank(), dist.get_world_size()
    print(f"trainer {rank} of {trainers}")

    torch.manual_seed(1)
    network = torch.nn.Linear(13, 1)
    first = 0
    if os.path.exists(CHECKPOINT):
        # 机器故障后任务会重新开始，从检查点继续。After a lost machine it goes on from here.
        kept = torch.load(CHECKPOINT)
        network.load_state_dict(kept["network"])
        first = kept["epoch"] + 1
    dist.barrier()
    model = DistributedDataParallel(network)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    data = dataset()
    sampler = DistributedSampler(data, shuffle=False)
    batches = DataLoader(data, batch_size=BATCH_SIZE // trainers, sampler=sampler)

    with LogWriter(f"{CLUSTER_OUTPUT_DIR}/log/trainer-{rank}") as log:
        for epoch in range(first, EPOCHS):
            total = torch.zeros(1)
            for x, y in batches:
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
                total += loss.detach()
            # 所有训练节点的平均损失。The mean loss of all trainers.
            dist.all_reduce(total)
            mean = total.item() / len(batches) / trainers
            print(f"epoch {epoch} loss {mean:.6f}")
            log.add_scalar("loss", step=epoch, value=mean)
            if rank == 0:
                save(epoch, network)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
