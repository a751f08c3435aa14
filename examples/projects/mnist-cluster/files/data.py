"""数据：从 ./datasets 里读 MNIST。The data: MNIST, read from ./datasets."""

import glob
import gzip

import numpy as np
from paddle.io import Dataset

# 每个数据集在它自己的文件夹里；在编辑页左侧可以复制文件的相对路径，例如
# Each dataset has a folder of its own; the editor copies a file's path below it, such as
#     data65/train-labels-idx1-ubyte.gz
CLUSTER_DATASET_DIR = "/root/paddlejob/workspace/train_data/datasets/"


class Digits(Dataset):
    """``part``（train 或 test）的图片与标签。The pictures and labels of ``part``."""

    def __init__(self, part):
        self.images = _read(f"{part}-images-idx3-ubyte.gz", head=16).reshape(-1, 1, 28, 28)
        self.labels = _read(f"{part}-labels-idx1-ubyte.gz", head=8).astype("int64")

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.images[index].astype("float32") / 255, self.labels[index]


def _read(name, head):
    (path,) = glob.glob(f"{CLUSTER_DATASET_DIR}data*/{name}")
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=head)
