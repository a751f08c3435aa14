"""What tests of prediction services share: a model, and real parts that can be killed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from django.db import connection
from django.utils import timezone

from lyceum.config import settings as platform_settings
from lyceum.projects.models import Project
from lyceum.serving.bundles import revision_folder
from lyceum.serving.models import ApiKey, Revision, Service
from lyceum.serving.workloads import engine_of, runs
from tests.runtime import onnxfile

ENVIRONMENT = "sklearn-py311"
KEY = "a key for tests"
NO_ANSWER = "no answer"
NUMBERS = {"first": 1.0, "second": 2.0}


def make_revision(
    project: Project, *, plus: float, main: str = "sum.onnx", converter: str = ""
) -> Revision:
    """A revision whose model answers ``first + 10 second + plus``.

    ``main``: any other is not there to be loaded. Of all kinds, ONNX loads the soonest.
    ``converter``: the text of its ``converter.py``.
    """
    fields = [
        {"name": name, "type": "float", "required": True, "default": None}
        | {"minimum": None, "maximum": None, "description": ""}
        for name in NUMBERS
    ]
    spec = {
        "kind": "onnx",
        "main_program": f"model/{main}",
        "params_file": "",
        "converter": bool(converter),
        "inputs": fields,
        "outputs": [],
        "timeout_seconds": 30,
        "batch": True,
        "threads": 1,
    }
    revision = Revision.objects.create(project=project, environment=ENVIRONMENT, spec=spec)
    folder = revision_folder(revision.pk)
    (folder / "model").mkdir(parents=True)
    (folder / "converter.py").write_text(converter)
    (folder / "service.json").write_text(json.dumps(spec))
    (folder / "model" / "sum.onnx").write_bytes(onnxfile.linear([1.0, 10.0], plus))
    return revision


def make_service(revision: Revision, stage: str = "sandbox", **more: Any) -> Service:
    """A service that is to serve ``revision``; `KEY` calls it."""
    service = Service.objects.create(
        project=revision.project,
        stage=stage,
        name=f"Sums {revision.pk}",
        public_id=f"{stage}{revision.pk:08d}",
        revision=revision,
        changed=timezone.now(),
        **more,
    )
    add_key(service)
    return service


def add_key(service: Service) -> None:
    digest = hashlib.sha256(f"{KEY} {service.pk}".encode()).hexdigest()
    ApiKey.objects.create(
        service=service, name="test", prefix="a key", digest=digest, rate_per_minute=600_000
    )


def call(service: Service, *, seconds: float = 60.0) -> httpx.Response:
    """Call the service as anybody with its key."""
    return httpx.post(
        f"http://127.0.0.1:{platform_settings().gateway_port}/serving/{service.path}",
        params={"apiKey": f"{KEY} {service.pk}"},
        json=NUMBERS,
        timeout=seconds,
    )


def slowness() -> float:
    """How many times longer than the processor's own time a start of Python takes now."""
    before, began = os.times(), time.monotonic()
    subprocess.run([sys.executable, "-c", "import httpx, django.db"], check=True)
    took, after = time.monotonic() - began, os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return max(1.0, took / used)


def answer(service: Service) -> float | None:
    """What the model answers just now; ``None`` when there is no answer."""
    try:
        got = call(service)
    except httpx.TransportError:
        return None
    return number(got.json()) if got.status_code == 200 else None


def number(value: Any) -> float:
    """The one number in an answer, however it is wrapped."""
    while isinstance(value, list | dict):
        (value,) = value.values() if isinstance(value, dict) else value
    return float(value)


def until(condition: Callable[[], object], *, seconds: float = 40) -> float:
    """Wait for it; how many seconds that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, list(Service.objects.values())
        time.sleep(0.02)
    return time.monotonic() - began


@dataclass
class Stream:
    """Calls one after the other, on a few connections, until it is closed.

    ``failures`` are the codes of errors, or `NO_ANSWER`.
    """

    service: Service
    callers: int = 4
    answers: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Stream:
        self._threads = [threading.Thread(target=self._call) for _ in range(self.callers)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _call(self) -> None:
        address = f"http://127.0.0.1:{platform_settings().gateway_port}"
        key = {"apiKey": f"{KEY} {self.service.pk}"}
        path = f"/serving/{self.service.path}"
        with httpx.Client(base_url=address, timeout=60) as client:
            while not self._over.is_set():
                try:
                    got = client.post(path, params=key, json=NUMBERS)
                except httpx.TransportError:
                    self.failures.append(NO_ANSWER)
                    self._over.wait(0.02)
                    continue
                if got.status_code == 200:
                    self.answers.append(number(got.json()))
                else:
                    self.failures.append(got.json()["error"]["code"])


class Parts:
    """The gateway and the dispatcher of this test's home, each its own process."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start ``gateway`` or ``dispatcher``, as ``lyceum up`` does."""
        database = connection.settings_dict["NAME"]
        base = os.environ.get("DATABASE_URL")
        url = f"{base.rpartition('/')[0]}/{database}" if base else f"sqlite:///{database}"
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", f"lyceum.{name}"],
                env={**os.environ, "DATABASE_URL": url},
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until it is gone."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def close(self) -> None:
        """End all of it, runs too."""
        for name in list(self._running):
            self.kill(name)
        for run in runs():
            engine_of(run.run_id).stop(run.run_id, grace=0)
