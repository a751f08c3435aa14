"""The official house-price notebook, run as a program: its model, and its own prediction."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lyceum import environments
from tests.support.environments import SHARED

ENVIRONMENT = "paddle3-py311"
_EXAMPLES = Path(__file__).parents[2] / "examples"
_NOTEBOOK = _EXAMPLES / "projects" / "house-prices" / "notebook.ipynb"
_DATA = _EXAMPLES / "datasets" / "uci-housing" / "housing.csv"
_TELL = """
import json
print(json.dumps({"district": district, "price": price, "mean": mean.tolist(),
                  "spread": spread.tolist()}))
"""


@dataclass(frozen=True, slots=True)
class Trained:
    """``folder`` is the notebook's ``model/``; ``price`` what it predicts for ``district``
    (by feature, unscaled), whose features it scales by ``mean`` and ``spread``."""

    folder: Path
    district: dict[str, float]
    price: float
    mean: list[float]
    spread: list[float]

    @property
    def converter(self) -> str:
        """What the notebook does between a district and the model's input and output."""
        return f"""import numpy as np

MEAN = np.array({self.mean}, "float32")
SPREAD = np.array({self.spread}, "float32")
NAMES = {list(self.district)}


def reader_infer(data_args):
    print("district of", data_args["RM"], "rooms")
    row = np.array([[data_args[name] for name in NAMES]], "float32")
    return {{"x": ((row - MEAN) / SPREAD).astype("float32")}}


def output(results, data_args):
    return {{"predict": results[0].ravel().tolist()}}
"""


def train(folder: Path) -> Trained:
    """Run the notebook's code, all of it, in ``folder``, as its project's environment does."""
    cells = json.loads(_NOTEBOOK.read_text())["cells"]
    code = ["".join(each["source"]) for each in cells if each["cell_type"] == "code"]
    lines = "\n".join(code).splitlines()
    program = "\n".join(line for line in lines if not line.startswith(("%", "!"))) + _TELL
    (folder / "data" / "data5").mkdir(parents=True)
    shutil.copy(_DATA, folder / "data" / "data5")
    done = subprocess.run(
        [str(_python()), "-c", program],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Trained(folder=folder / "model", **json.loads(done.stdout.splitlines()[-1]))


def _python() -> Path:
    before = os.environ.get("LYCEUM_ENVIRONMENTS")
    os.environ["LYCEUM_ENVIRONMENTS"] = str(SHARED)
    try:
        environments.build(ENVIRONMENT)
        return environments.python(ENVIRONMENT)
    finally:
        if before is None:
            del os.environ["LYCEUM_ENVIRONMENTS"]
        else:
            os.environ["LYCEUM_ENVIRONMENTS"] = before
