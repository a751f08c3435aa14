"""Ray Serve with its batching decorator."""

import os
import sys
import time

import numpy as np
import skops.io
from ray import serve

NAMES = os.environ["PEER_NAMES"].split()


@serve.deployment(num_replicas=1, max_ongoing_requests=512)
class Predict:
    def __init__(self, path):
        self.model = skops.io.load(path)

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.001)
    async def batch(self, rows):
        return self.model.predict(np.array(rows)).tolist()

    async def __call__(self, request):
        row = await request.json()
        return [await self.batch([float(row[name]) for name in NAMES])]


if __name__ == "__main__":
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Predict.bind(os.environ["PEER_MODEL"]), route_prefix="/predict")
    while True:
        time.sleep(60)
