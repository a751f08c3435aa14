"""一次训练任务：数据在 ./datasets，结果写到 ./output。

One training: data from ./datasets, results to ./output.
"""

import os

import joblib
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from visualdl import LogWriter

# 数据集文件会被自动放到 ./datasets 目录下；需要下载的文件请写到 ./output 目录。
# Datasets are found in ./datasets; what is written to ./output can be downloaded.
CLUSTER_DATASET_DIR = "/root/paddlejob/workspace/train_data/datasets/"
CLUSTER_OUTPUT_DIR = "/root/paddlejob/workspace/output"

# 多个训练节点时，每个节点用不同的正则化强度训练一个模型，再比较它们。
# With several trainers each trains a model with a regularisation of its own, to compare them.
TRAINER = int(os.environ["PADDLE_TRAINER_ID"])
ALPHA = 10.0 ** (TRAINER - 4)
EPOCHS = 10


def main():
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=1)
    model = SGDClassifier(loss="log_loss", alpha=ALPHA, random_state=1)
    print(f"trainer {TRAINER}: alpha {ALPHA}")
    with LogWriter(f"{CLUSTER_OUTPUT_DIR}/log/trainer-{TRAINER}") as log:
        for epoch in range(EPOCHS):
            model.partial_fit(x_train, y_train, classes=range(10))
            accuracy = model.score(x_test, y_test)
            print(f"epoch {epoch} accuracy {accuracy:.4f}")
            log.add_scalar("accuracy", step=epoch, value=accuracy)
    joblib.dump(model, f"{CLUSTER_OUTPUT_DIR}/digits-{TRAINER}.joblib")


if __name__ == "__main__":
    main()
