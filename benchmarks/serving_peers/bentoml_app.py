"""BentoML with its adaptive batching."""

import os

import bentoml
import numpy as np
import skops.io


@bentoml.service(workers=1, traffic={"timeout": 30, "concurrency": 1024})
class Predict:
    def __init__(self) -> None:
        self.model = skops.io.load(os.environ["PEER_MODEL"])

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=1000)
    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.model.predict(rows)
