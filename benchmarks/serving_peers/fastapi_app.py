"""The bare application: FastAPI and uvicorn, one model, validated by pydantic."""

import os

import numpy as np
import skops.io
from fastapi import FastAPI
from pydantic import create_model

NAMES = os.environ["PEER_NAMES"].split()
model = skops.io.load(os.environ["PEER_MODEL"])
Row = create_model("Row", **{name: (float, ...) for name in NAMES})
app = FastAPI()


@app.post("/predict")
def predict(row: Row) -> list[float]:
    return model.predict(np.array([[getattr(row, name) for name in NAMES]])).tolist()
