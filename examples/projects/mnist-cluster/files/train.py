"""主文件：每个训练节点都运行它。The main file: every trainer runs it."""

import os
import time

import numpy as np
import paddle
import paddle.distributed as dist
from data import Digits
from network import lenet
from paddle.io import DataLoader, DistributedBatchSampler
from visualdl import LogWriter

CLUSTER_OUTPUT_DIR = "/root/paddlejob/workspace/output"
CHECKPOINT = f"{CLUSTER_OUTPUT_DIR}/checkpoint.pdparams"

EPOCHS = 3
BATCH_SIZE = 64  # 所有训练节点合计。Of all trainers together.


def main():
    dist.init_parallel_env()
    rank, trainers = dist.get_rank(), dist.get_world_size()
    print(f"trainer {rank} of {trainers}")

    paddle.seed(1)
    network = lenet()
    adam = paddle.optimizer.Adam(0.002, parameters=network.parameters())
    first = resume(network, adam)
    model = paddle.DataParallel(network)
    digits = Digits("train")
    # 每个训练节点得到不同的一份。Each trainer gets a share of its own.
    sampler = DistributedBatchSampler(digits, BATCH_SIZE // trainers, shuffle=True)

    with LogWriter(f"{CLUSTER_OUTPUT_DIR}/log/trainer-{rank}") as log:
        for epoch in range(first, EPOCHS):
            began = time.time()
            sampler.set_epoch(epoch)
            loss = train(model, adam, DataLoader(digits, batch_sampler=sampler))
            seconds = time.time() - began
            print(f"epoch {epoch} loss {loss:.4f}, {seconds:.1f} s")
            log.add_scalar("loss", step=epoch, value=loss)
            if rank == 0:
                accuracy = test(network)
                print(f"epoch {epoch} accuracy {accuracy:.4f}")
                log.add_scalar("accuracy", step=epoch, value=accuracy)
                save(epoch, network, adam)


def train(model, optimizer, batches):
    """一轮训练的平均损失。The mean loss of one epoch."""
    model.train()
    losses = []
    for images, labels in batches:
        loss = paddle.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        losses.append(float(loss))
    return float(np.mean(losses))


@paddle.no_grad()
def test(network):
    """测试集上的准确率。The accuracy on the test set."""
    network.eval()
    right = [
        (network(images).argmax(1) == labels).astype("float32").mean()
        for images, labels in DataLoader(Digits("test"), batch_size=250)
    ]
    return float(sum(right)) / len(right)


def save(epoch, network, optimizer):
    """先写完再改名，中断也不会留下半个文件。Write, then rename: never half a file."""
    kept = {
        "epoch": epoch,
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    paddle.save(kept, CHECKPOINT + ".new")
    os.replace(CHECKPOINT + ".new", CHECKPOINT)


def resume(network, optimizer):
    """从检查点继续，返回下一轮的编号。Go on from a checkpoint; the next epoch's number."""
    if not os.path.exists(CHECKPOINT):
        return 0
    kept = paddle.load(CHECKPOINT)
    network.set_state_dict(kept["network"])
    optimizer.set_state_dict(kept["optimizer"])
    print(f"resumed after epoch {kept['epoch']}")
    return kept["epoch"] + 1


if __name__ == "__main__":
    main()
