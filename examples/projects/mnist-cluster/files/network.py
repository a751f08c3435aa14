"""网络：两层卷积，两层全连接。The network: two convolutions, two dense layers."""

from paddle import nn


def lenet():
    return nn.Sequential(
        nn.Conv2D(1, 8, kernel_size=5, padding=2),
        nn.ReLU(),
        nn.MaxPool2D(2),
        nn.Conv2D(8, 16, kernel_size=5),
        nn.ReLU(),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Linear(400, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )
