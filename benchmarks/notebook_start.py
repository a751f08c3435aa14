"""From asking for a notebook to an idle kernel: ours against plain JupyterHub.

    .venv/bin/python -m benchmarks.notebook_start [--rounds 5]

Plain JupyterHub is the same release with its own proxy, the same notebook-server
environment, the same kernel, LocalProcessSpawner without isolation. Ours is the real
portal, hub, front door and sandbox, once without and once with sandboxes started
ahead. Rounds of the two alternate, so a busy machine slows both. Goals: median ratio
at most 1.15 without, at most 0.4 with (DESIGN.md §8).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from websockets.sync.client import connect

from tests.hub.stack import ENVIRONMENT, REPOSITORY, Person, Stack, wait_until
from tests.support.platform import free_ports

PLAIN_CONFIG = """
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {port} + 1
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:" + str({port} + 2)
c.ConfigurableHTTPProxy.command = {proxy}
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.allow_named_servers = True
c.JupyterHub.spawner_class = "simple"
c.Spawner.cmd = {command}
c.Spawner.args = ["--allow-root", "--KernelSpecManager.ensure_native_kernel=False"]
c.Spawner.environment = {env}
c.JupyterHub.services = [{{"name": "bench", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [
    {{"name": "bench", "scopes": ["admin:users", "admin:servers", "access:servers"],
      "services": ["bench"]}},
]
"""

# Our own configuration, and a key that opens any server, which the platform has not.
OUR_CONFIG = """
__file__ = {config!r}
exec(compile(open(__file__).read(), __file__, "exec"))
c.JupyterHub.services.append({{"name": "bench", "api_token": {token!r}}})
c.JupyterHub.load_roles.append(
    {{"name": "bench", "scopes": ["read:users", "admin:servers", "access:servers"],
      "services": ["bench"]}}
)
"""


class BenchStack(Stack):
    """The platform with a hub that lets the benchmark into a server."""

    def command(self, part: str) -> list[str]:
        command = super().command(part)
        return [*command[:-1], str(self.home / "bench.py")] if part == "hub" else command


@dataclass
class Hub:
    """A hub's API and the address its servers have in front."""

    api: str
    token: str
    front: str
    host: str

    def __post_init__(self) -> None:
        # One client for all calls: making one takes CPU that the start would miss.
        self.client = httpx.Client(headers=self.key, timeout=120, trust_env=False)

    @property
    def key(self) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}

    def server(self, user: str, name: str) -> dict:
        model = self.call("GET", f"/users/{user}").json()
        return model.get("servers", {}).get(name, {})

    def call(self, method: str, path: str) -> httpx.Response:
        return self.client.request(method, self.api + path)

    def await_ready(self, user: str, name: str) -> None:
        """Until the hub's own events say so; ``AssertionError`` with its sentence otherwise."""
        path = f"{self.api}/users/{user}/servers/{name}/progress"
        with self.client.stream("GET", path) as answer:
            lines = list(answer.iter_lines())
        events = [json.loads(line[5:]) for line in lines if line.startswith("data:")]
        assert events and events[-1].get("ready"), f"the server did not start: {lines[-5:]}"

    def stop(self, user: str, name: str) -> None:
        self.call("DELETE", f"/users/{user}/servers/{name}")
        wait_until(lambda: not self.server(user, name), "server stopped", 60)


def seconds_to_idle(hub: Hub, user: str, name: str, start: Callable[[], object]) -> float:
    """Start a server, then a kernel in it, and wait until the kernel has run a line."""
    began = time.perf_counter()
    start()
    hub.await_ready(user, name)
    base = f"/user/{user}/{name}/api/kernels"
    kernel = hub.client.post(f"{hub.front}{base}", headers={"Host": hub.host}, json={})
    kernel.raise_for_status()
    run_a_line(hub, f"{base}/{kernel.json()['id']}/channels")
    return time.perf_counter() - began


def run_a_line(hub: Hub, path: str) -> None:
    port = int(hub.front.rpartition(":")[2])
    with connect(
        f"ws://{hub.host}{path}",
        sock=socket.create_connection(("127.0.0.1", port)),
        additional_headers=hub.key,
        max_size=None,
    ) as channel:
        message = uuid.uuid4().hex
        header = {
            "msg_id": message,
            "msg_type": "execute_request",
            "username": "",
            "session": uuid.uuid4().hex,
            "version": "5.3",
            "date": "",
        }
        channel.send(
            json.dumps(
                {
                    "header": header,
                    "parent_header": {},
                    "metadata": {},
                    "channel": "shell",
                    "buffers": [],
                    "content": {"code": "1", "silent": False},
                }
            )
        )
        while True:
            reply = json.loads(channel.recv(timeout=120))
            if (
                reply["parent_header"].get("msg_id") == message
                and reply["msg_type"] == "status"
                and reply["content"]["execution_state"] == "idle"
            ):
                return


@contextlib.contextmanager
def plain(folder: Path, port: int, stack: Stack) -> Iterator[Hub]:
    """Plain JupyterHub on ``port`` to ``port + 2``."""
    from lyceum import environments
    from lyceum.hub import frontdoor

    token = secrets.token_hex(16)
    config = folder / "plain.py"
    config.write_text(
        PLAIN_CONFIG.format(
            port=port,
            token=token,
            proxy=[frontdoor.node(), str(frontdoor.script())],
            command=[str(environments.python(environments.SERVER)), "-m", "jupyterhub.singleuser"],
            env={"JUPYTER_PATH": str(environments.jupyter_path(ENVIRONMENT)), "LANG": "C.UTF-8"},
        )
    )
    with (folder / "plain.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    front = f"http://127.0.0.1:{port}"
    hub = Hub(f"http://127.0.0.1:{port + 1}/hub/api", token, front, f"127.0.0.1:{port}")
    try:
        wait_until(lambda: hub.call("GET", "/").status_code == 200, "plain hub", 60)
        hub.call("POST", "/users/bench")
        yield hub
    finally:
        process.terminate()
        process.wait(30)


def compare(
    label: str, rounds: int, base: Hub, ours: Hub, stack: Stack, person: Person, warm: bool
) -> float:
    """Alternate rounds; prints each pair, returns the median of their ratios."""
    from lyceum.accounts.models import User
    from lyceum.notebooks.actions import start_notebook

    user, project = str(person.id), str(person.projects[0])
    learner = User.objects.get(pk=person.id)
    pairs = []
    for number in range(rounds):
        theirs = seconds_to_idle(
            base, "bench", "p", lambda: base.call("POST", "/users/bench/servers/p")
        )
        base.stop("bench", "p")
        if warm:
            wait_until(stack.waiting_sandbox, "a sandbox started ahead", 180)
            time.sleep(1)  # the hub learns it in its next look
        mine = seconds_to_idle(
            ours, user, project, lambda: start_notebook(learner, project_id=int(project))
        )
        ours.stop(user, project)
        forget(int(project))
        pairs.append((theirs, mine))
        print(f"  {label} {number + 1}: plain {theirs:.2f} s, ours {mine:.2f} s", flush=True)
    theirs, mine = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(mine / theirs for theirs, mine in pairs)
    print(f"{label}: plain {theirs:.2f} s, ours {mine:.2f} s, median ratio of rounds {ratio:.2f}")
    return ratio


def forget(project: int) -> None:
    """The dispatcher's step, which does not run here: the server has stopped."""
    from lyceum.notebooks.models import NotebookServer

    NotebookServer.objects.filter(project_id=project).update(state=NotebookServer.State.STOPPED)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lyceum-bench-") as name:
        stack = BenchStack(home=Path(name) / "home", port=free_ports(7))
        return run(stack, Path(name), chosen.rounds)


def run(stack: Stack, folder: Path, rounds: int) -> int:
    stack.home.mkdir()
    os.environ |= stack.environ
    stack.build_environments()
    stack.migrate()
    import django

    django.setup()
    person = stack.people(["bench"])["bench"]
    token = secrets.token_hex(16)
    (stack.home / "bench.py").write_text(
        OUR_CONFIG.format(config=str(REPOSITORY / "lyceum/hub/jupyterhub_config.py"), token=token)
    )
    ours = Hub(
        f"http://127.0.0.1:{stack.settings.hub_port}/hub/api",
        token,
        f"http://127.0.0.1:{stack.port}",
        f"{stack.settings.notebook_host}:{stack.port}",
    )
    ratios = {}
    try:
        stack.start("portal")
        stack.start("proxy")
        stack.up("portal")
        with plain(folder, stack.port + 4, stack) as base:
            for label, size in (("cold", 0), ("warm", 1)):
                os.environ["LYCEUM_WARM_POOL"] = str(size)
                stack.start("hub")
                stack.up("hub")
                if size:  # the first start tells the hub what to prepare
                    compare("first", 1, base, ours, stack, person, warm=False)
                ratios[label] = compare(label, rounds, base, ours, stack, person, warm=bool(size))
                stack.processes.pop("hub").terminate()
                time.sleep(2)
    finally:
        stack.close()
    met = ratios["cold"] <= 1.15 and ratios["warm"] <= 0.4
    print("goals met" if met else "goals not met", json.dumps(ratios), f"load {os.getloadavg()}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
