"""Bundles and workers: the predictor as a plain process, with folders of a test's own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from lyceum import environments, runtime
from tests.runtime.gateway import Gateway

PREDICTOR = Path(runtime.__file__).parent / "predictor"
TRAINING = Path(__file__).parent / "training"
REPLICA = "0123456789abcdef0123456789abcdef"
HOUSE = (
    *("CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE"),
    *("DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT"),
)
GUIDES_CALL = dict(
    zip(
        HOUSE,
        (
            *(0.01887747, -0.11363636, 0.25525005, -0.06916996, 0.29898136, -0.04476612),
            *(0.14340987, -0.14797285, 0.62828665, 0.49191383, 0.18558153, 0.05473289),
            0.16851371,
        ),
        strict=True,
    )
)
ENVIRONMENTS = {
    "fluid": "fluid-py37",
    "paddle": "paddle3-py311",
    "torch": "torch-py311",
    "sklearn": "sklearn-py311",
}


def fields(*names: str, type: str = "float") -> list[dict[str, Any]]:
    """Declared fields as ``service.json`` has them."""
    return [{"name": name, "type": type, "required": True} for name in names]


def train(framework: str, folder: Path) -> None:
    """Make the small models of ``framework`` in ``folder`` by the framework itself."""
    python = environments.python(ENVIRONMENTS[framework])
    words = [str(python), str(TRAINING / f"{framework}_model.py"), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@dataclass
class Trained:
    """A folder of small models, and the weights of those that are linear."""

    folder: Path

    def linear(self, row: dict[str, float]) -> float:
        """What the linear model gives for a row of `HOUSE`."""
        weights, (bias,) = json.loads((self.folder / "parameters.json").read_text())
        return sum(w * row[name] for (w,), name in zip(weights, HOUSE, strict=True)) + bias


@dataclass
class Bundle:
    """A revision's folder; ``spec`` overrides what `write` puts into ``service.json``."""

    root: Path
    environment: str
    gateway: Gateway | None = None
    process: subprocess.Popen[bytes] | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.root / "log"

    def write(
        self, models: Path, kind: str, main: str, *, converter: str | bytes = "", **spec: Any
    ) -> None:
        """Put the files there, readable by any user."""
        folder = self.root / "bundle"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(models, folder / "model")
        content = converter if isinstance(converter, bytes) else converter.encode()
        if content:
            (folder / "converter.py").write_bytes(content)
        spec = {
            "kind": kind,
            "main_program": f"model/{main}",
            "params_file": "",
            "converter": bool(content),
            "inputs": fields(*HOUSE),
            "outputs": [],
            "timeout_seconds": 30,
            "batch": True,
            "threads": 1,
            **spec,
        }
        (folder / "service.json").write_text(json.dumps(spec))
        (self.root / "out").mkdir(exist_ok=True)

    def argv(self, mode: str, program: PurePath = PREDICTOR) -> list[str]:
        """The command that a replica or a probe runs."""
        return [
            str(environments.python(self.environment)),
            "-B",
            str(program / "__main__.py"),
            mode,
        ]

    def variables(self) -> dict[str, str]:
        """What moves the predictor's folders here."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "LYCEUM_REPLICA": REPLICA,
            "LYCEUM_SERVING_BUNDLE": str(self.root / "bundle"),
            "LYCEUM_SERVING_GATEWAY": str(self.root / "gateway"),
            "LYCEUM_SERVING_OUT": str(self.root / "out"),
        }

    def serve(self) -> Gateway:
        """Start a worker; the gateway that it dials, before it has."""
        self.gateway = Gateway(self.root / "gateway")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.argv("serve"), env=self.variables(), stdout=log, stderr=log
            )
        return self.gateway

    def serving(self) -> Gateway:
        """Start a worker and wait until it is ready."""
        gateway = self.serve()
        gateway.ready()
        return gateway

    def probe(self, mode: str, sample: Any = None) -> dict[str, Any]:
        """``inspect`` or ``try``: what ``result.json`` says."""
        result = self.root / "out" / "result.json"
        result.unlink(missing_ok=True)
        if sample is not None:
            (self.root / "bundle" / "sample.json").write_text(json.dumps(sample))
        done = subprocess.run(
            self.argv(mode), env=self.variables(), capture_output=True, timeout=120, check=False
        )
        told = json.loads(result.read_text())
        assert done.returncode == (0 if told["ok"] else 1), done.stderr
        return told

    def printed(self) -> str:
        """The worker's log so far."""
        return self.log.read_text()

    def stop(self) -> int | None:
        """End the worker as the engine does; its exit status."""
        if self.gateway is not None:
            self.gateway.close()
        if self.process is None:
            return None
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()


def gone(pid: int, seconds: float = 10) -> bool:
    """Whether the process ends within ``seconds``."""
    end = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
