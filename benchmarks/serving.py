"""How many predictions a second, and how late, against LitServe, BentoML, Ray Serve, FastAPI?

One scikit-learn model of 13 numbers, served by each in turn on this machine, called by
the same client (wrk) at 1, 32 and 256 connections. Lyceum answers through its front
door, with its key checked, its parameters validated and its model in the engine's
sandbox; also timed are its gateway alone, and that gateway with a predictor that
answers at once. Fails below twice the best peer's requests a second at 32 and 256
connections, when p99 at one connection is over 1.3 times FastAPI's, or below half of
the predictor that answers at once.

    python -m benchmarks.serving [--seconds 6] [--rounds 3]

Installs wrk with apt-get, and the peers into a folder of their own, when missing.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from lyceum.cli.parts import parts
from lyceum.config import settings
from tests.support.environments import SHARED
from tests.support.platform import free_ports

CHECKOUT = Path(__file__).resolve().parents[1]
PEERS = CHECKOUT / "benchmarks" / "serving_peers"
UV = CHECKOUT / ".tools" / "uv" / "bin" / "uv"
ENVIRONMENT = "sklearn-py311"
CONNECTIONS = (1, 32, 256)
LEAST_AGAINST_BEST = 2.0
MOST_LATE = 1.3
LEAST_AGAINST_INSTANT = 0.5
WARM_SECONDS = 2
# The guide's own call.
VALUES = {
    "CRIM": 0.01887747,
    "ZN": -0.11363636,
    "INDUS": 0.25525005,
    "CHAS": -0.06916996,
    "NOX": 0.29898136,
    "RM": -0.04476612,
    "AGE": 0.14340987,
    "DIS": -0.14797285,
    "RAD": 0.62828665,
    "TAX": 0.49191383,
    "PTRATIO": 0.18558153,
    "B": 0.05473289,
    "LSTAT": 0.16851371,
}
NAMES = tuple(VALUES)
KEY = "the benchmark's key"
MODEL = """
import sys
import numpy as np, skops.io
from sklearn.linear_model import LinearRegression
random = np.random.default_rng(0)
x = random.normal(size=(500, 13))
skops.io.dump(LinearRegression().fit(x, x @ np.arange(13) + 22), sys.argv[1])
"""
POST = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = {body}
"""
_REQUESTS = re.compile(r"Requests/sec:\s+([\d.]+)")
_LATEST = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
_REFUSED = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass
class Target:
    """Somebody who answers: where, to what, and what came of it by connections."""

    name: str
    url: str
    body: object
    rates: dict[int, list[float]] = field(default_factory=dict)
    late: dict[int, list[float]] = field(default_factory=dict)

    def rate(self, connections: int) -> float:
        return statistics.median(self.rates[connections])

    def p99(self, connections: int) -> float:
        """Milliseconds."""
        return statistics.median(self.late[connections])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=int, default=6)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="lyceum-bench-"))
    os.environ |= {
        "LYCEUM_HOME": str(home),
        "LYCEUM_PORT": str(free_ports(12)),
        "LYCEUM_ENVIRONMENTS": str(SHARED),
        "LYCEUM_LIMIT_SERVING_KEY_RATE_PER_MINUTE": "100000000",
        "DJANGO_SETTINGS_MODULE": "lyceum.portal.settings",
    }
    try:
        install_wrk()
        python = install_peers()
        targets = [*measure_lyceum(home, chosen), *measure_peers(home, python, chosen)]
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return report(targets)


def install_wrk() -> None:
    if shutil.which("wrk") is None:
        print("wrk is missing; installing it with apt-get", flush=True)
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "wrk"]
        subprocess.run([*as_root, *install], check=True, stdout=subprocess.DEVNULL)


def install_peers() -> Path:
    """The peers' Python, in an environment made from their lock."""
    lock = PEERS / "requirements.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = CHECKOUT / ".tools" / "serving-peers" / digest
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print("installing LitServe, BentoML, Ray Serve and FastAPI", flush=True)
        subprocess.run(
            [UV, "venv", "-q", "--clear", "--python", sys.executable, folder], check=True
        )
        subprocess.run([UV, "pip", "install", "-q", "--python", python, "-r", lock], check=True)
        (folder / "complete").touch()
    return python


def measure_lyceum(home: Path, chosen: argparse.Namespace) -> list[Target]:
    manage = [sys.executable, str(CHECKOUT / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], check=True)
    path = make_service(home / "model.skops")
    with contextlib.ExitStack() as stack:
        stack.callback(end_replicas)  # last, when no dispatcher starts another
        wanted = [
            one for one in parts(settings()) if one.name in ("proxy", "gateway", "dispatcher")
        ]
        for part in wanted:
            stack.enter_context(run(part.argv, part.env))
        query = httpx.QueryParams({"apiKey": KEY})
        targets = [
            Target(name, f"http://127.0.0.1:{port}/serving/{path}?{query}", VALUES)
            for name, port in (("Lyceum", settings().port), ("gateway", settings().gateway_port))
        ]
        for target in targets:
            await_answer(target)
            measure(target, home, chosen)
    with contextlib.ExitStack() as stack:
        targets.append(instant(home, stack))
        measure(targets[-1], home, chosen)
    return targets


def make_service(model: Path) -> str:
    """A sandbox service in the database that serves the model; its path under /serving/."""
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from lyceum import environments
    from lyceum.projects.models import Project
    from lyceum.serving.bundles import revision_folder
    from lyceum.serving.models import ApiKey, Revision, Service

    if not environments.availability(ENVIRONMENT).built:
        environments.build(ENVIRONMENT, lambda _progress: None)
    subprocess.run([environments.python(ENVIRONMENT), "-c", MODEL, model], check=True)
    owner = get_user_model().objects.create(username="bench")
    project = Project.objects.create(owner=owner, name="bench", environment=ENVIRONMENT)
    spec = {
        "kind": "sklearn",
        "main_program": "model/model.skops",
        "params_file": "",
        "converter": False,
        "inputs": [declared(name) for name in NAMES],
        "outputs": [],
        "timeout_seconds": 30,
        "batch": True,
        "threads": 1,
    }
    revision = Revision.objects.create(project=project, environment=ENVIRONMENT, spec=spec)
    folder = revision_folder(revision.pk)
    (folder / "model").mkdir(parents=True)
    (folder / "service.json").write_text(json.dumps(spec))
    shutil.copy(model, folder / "model" / "model.skops")
    service = Service.objects.create(
        project=project,
        stage="sandbox",
        name="bench",
        public_id="benchbenchbench1",
        revision=revision,
        changed=timezone.now(),
    )
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    ApiKey.objects.create(
        service=service, name="bench", prefix="bench", digest=digest, rate_per_minute=100_000_000
    )
    return service.path


def declared(name: str) -> dict[str, object]:
    bounds = {"default": None, "minimum": None, "maximum": None, "description": ""}
    return {"name": name, "type": "float", "required": True, **bounds}


def end_replicas() -> None:
    from lyceum.engine import local_engine
    from lyceum.serving.workloads import runs

    for each in runs():
        local_engine().stop(each.run_id, grace=0)


def instant(home: Path, stack: contextlib.ExitStack) -> Target:
    """A gateway of its own whose predictor answers at once (``instant.py``)."""
    place = home / "instant"
    replica = place / "replica"
    (place / "gateway").mkdir(parents=True)
    replica.mkdir()
    route = {
        "service": 1,
        "path": "sandbox/instant",
        "name": "instant",
        "description": "",
        "state": "running",
        "reason": "",
        "wake": False,
        "redact": False,
        "active_revision": 1,
        "inputs": [declared(name) for name in NAMES],
        "outputs": [],
        "batch": True,
        "limits": {"body_bytes": 1_000_000, "timeout_seconds": 30, "queue": 1000},
        "keys": [
            {
                "id": 1,
                "digest": hashlib.sha256(KEY.encode()).hexdigest(),
                "rate_per_minute": 100_000_000,
                "expires": None,
            }
        ],
        "replicas": [{"id": "0" * 32, "revision": 1, "folder": str(replica)}],
    }
    (place / "gateway" / "routes.json").write_text(json.dumps({"version": 1, "services": [route]}))
    port = free_ports(12)
    env = {"LYCEUM_HOME": str(place), "LYCEUM_PORT": str(port)}
    stack.enter_context(run((sys.executable, "-m", "lyceum.gateway"), env))
    predictor = (sys.executable, str(PEERS / "instant.py"), str(replica / "socket"), "0" * 32)
    stack.enter_context(run(predictor, {}))
    query = httpx.QueryParams({"apiKey": KEY})
    url = f"http://127.0.0.1:{port + 5}/serving/sandbox/instant?{query}"
    target = Target("answers at once", url, VALUES)
    await_answer(target)
    return target


def measure_peers(home: Path, python: Path, chosen: argparse.Namespace) -> Iterator[Target]:
    port = str(free_ports(2))
    uvicorn = (python, "-m", "uvicorn", "fastapi_app:app", "--port", port, "--no-access-log")
    bentoml = (python, "-m", "bentoml", "serve", "bentoml_app:Predict", "-p", port)
    rows = {"rows": [list(VALUES.values())]}
    for name, argv, body in (
        ("FastAPI", (*uvicorn, "--log-level", "warning"), VALUES),
        ("LitServe", (python, "litserve_app.py", port), VALUES),
        ("BentoML", bentoml, rows),
        ("Ray Serve", (python, "ray_app.py", port), VALUES),
    ):
        env = {
            "PEER_MODEL": str(home / "model.skops"),
            "PEER_NAMES": " ".join(NAMES),
            "PATH": f"{python.parent}:{os.environ['PATH']}",
            "BENTOML_DO_NOT_TRACK": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        target = Target(name, f"http://127.0.0.1:{port}/predict", body)
        with run(tuple(map(str, argv)), env, cwd=PEERS):
            await_answer(target)
            measure(target, home, chosen)
        yield target


@contextlib.contextmanager
def run(
    argv: tuple[str, ...], env: dict[str, str], cwd: Path = CHECKOUT
) -> Iterator[subprocess.Popen[bytes]]:
    """A program and all it starts, ended afterwards."""
    process = subprocess.Popen(
        argv, env={**os.environ, **env}, cwd=cwd, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)


def await_answer(target: Target) -> None:
    said = ""
    for _ in range(600):
        try:
            answer = httpx.post(target.url, json=target.body, timeout=30)
        except httpx.HTTPError as error:
            said = repr(error)
        else:
            if answer.is_success:
                return
            said = answer.text
        time.sleep(0.2)
    raise AssertionError(f"{target.name} does not answer: {said}")


def measure(target: Target, home: Path, chosen: argparse.Namespace) -> None:
    script = home / "post.lua"
    script.write_text(POST.format(body=json.dumps(json.dumps(target.body))))
    for connections in CONNECTIONS:
        wrk(target, script, connections, WARM_SECONDS)
        for _ in range(chosen.rounds):
            rate, late = wrk(target, script, connections, chosen.seconds)
            target.rates.setdefault(connections, []).append(rate)
            target.late.setdefault(connections, []).append(late)
        told = f"{target.rate(connections):8.0f}/s  p99 {target.p99(connections):8.2f} ms"
        print(f"{target.name:16} {connections:4} connections {told}", flush=True)


def wrk(target: Target, script: Path, connections: int, seconds: int) -> tuple[float, float]:
    """Requests a second and the p99 in milliseconds; raises when one was refused."""
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s"]
    said = subprocess.run(
        [*argv, "-s", script, target.url], check=True, capture_output=True, text=True
    ).stdout
    if refused := _REFUSED.search(said):
        raise AssertionError(f"{target.name} at {connections} connections: {refused[0]}")
    late, unit = _LATEST.search(said).groups()
    return float(_REQUESTS.search(said)[1]), float(late) * _MILLISECONDS[unit]


def report(targets: list[Target]) -> int:
    """Print the ratios; 1 when one misses its aim."""
    by_name = {target.name: target for target in targets}
    ours, bare, at_once = by_name["Lyceum"], by_name["FastAPI"], by_name["answers at once"]
    peers = [by_name[name] for name in ("FastAPI", "LitServe", "BentoML", "Ray Serve")]
    held = []
    for connections in CONNECTIONS[1:]:
        best = max(peers, key=lambda peer: peer.rate(connections))
        ratio = ours.rate(connections) / best.rate(connections)
        held.append(ratio >= LEAST_AGAINST_BEST)
        print(f"{connections} connections: {ratio:.2f} × {best.name}, wanted {LEAST_AGAINST_BEST}")
        share = by_name["gateway"].rate(connections) / at_once.rate(connections)
        held.append(share >= LEAST_AGAINST_INSTANT)
        wanted = f"wanted {LEAST_AGAINST_INSTANT}"
        print(
            f"{connections} connections: {share:.2f} of a predictor that answers at once, {wanted}"
        )
    late = ours.p99(1) / bare.p99(1)
    held.append(late <= MOST_LATE)
    print(f"1 connection: p99 {late:.2f} × FastAPI's, allowed {MOST_LATE}")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
