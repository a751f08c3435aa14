"""LitServe with its own batching, as its guide has it."""

import os
import sys

import litserve
import numpy as np
import skops.io

NAMES = os.environ["PEER_NAMES"].split()


class Predict(litserve.LitAPI):
    def setup(self, device):
        self.model = skops.io.load(os.environ["PEER_MODEL"])

    def decode_request(self, request):
        return [float(request[name]) for name in NAMES]

    def batch(self, inputs):
        return np.array(inputs)

    def predict(self, rows):
        return self.model.predict(rows)

    def unbatch(self, output):
        return list(output)

    def encode_response(self, output):
        return [float(output)]


if __name__ == "__main__":
    api = Predict(max_batch_size=64, batch_timeout=0.001)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, num_api_servers=1
    )
