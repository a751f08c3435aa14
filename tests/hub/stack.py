"""The real portal, front door and hub as processes, on a home and ports of their own."""

from __future__ import annotations

import functools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx

from lyceum import environments
from lyceum.config import Settings
from lyceum.engine.local import LocalEngine
from lyceum.hub import frontdoor, pool, zygote
from tests.support.environments import SHARED

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = "sklearn-py311"
PEOPLE = Path(__file__).parent / "people.py"


def wait_until(true: Callable[[], Any], what: str, seconds: float = 30, every: float = 0.1) -> Any:
    """Poll ``true`` until it gives something true; ``AssertionError`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if value := true():
                return value
        except httpx.HTTPError:
            pass
        time.sleep(every)
    raise AssertionError(f"{what}: not within {seconds} s")


@dataclass
class Person:
    """A learner with a portal session, and the projects that are theirs."""

    id: int
    session: str
    projects: list[int]


@dataclass
class Stack:
    """One platform; ``part(name)`` starts, ``kill(name)`` sends SIGKILL."""

    home: Path
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, port=self.port, debug=False)

    @property
    def environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "LYCEUM_ENVIRONMENTS": os.environ.get("LYCEUM_ENVIRONMENTS", str(SHARED)),
            "LYCEUM_HOME": str(self.home),
            "LYCEUM_PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "lyceum.portal.settings",
            **frontdoor.environment(self.settings),
        }

    def command(self, part: str) -> list[str]:
        python = sys.executable
        return {
            "portal": [
                python,
                "-m",
                "uvicorn",
                "lyceum.portal.asgi:application",
                "--host",
                "127.0.0.1",
                "--port",
                str(self.settings.portal_port),
                "--log-level",
                "warning",
            ],
            "proxy": frontdoor.command(self.settings),
            "hub": [
                python,
                "-m",
                "jupyterhub",
                "-f",
                str(REPOSITORY / "lyceum/hub/jupyterhub_config.py"),
            ],
        }[part]

    def health(self, part: str) -> str:
        return {
            "portal": f"http://127.0.0.1:{self.settings.portal_port}/internal/hub/userinfo",
            "proxy": f"http://127.0.0.1:{self.port}/_chp_healthz",
            "hub": f"http://127.0.0.1:{self.settings.hub_port}/hub/health",
        }[part]

    def start(self, part: str) -> None:
        (self.home / "logs").mkdir(parents=True, exist_ok=True)
        with (self.home / "logs" / f"{part}.log").open("ab") as log:
            self.processes[part] = subprocess.Popen(
                self.command(part),
                cwd=REPOSITORY,
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def up(self, part: str, seconds: float = 90) -> None:
        wait_until(lambda: httpx.get(self.health(part)).status_code < 500, f"{part} up", seconds)

    def kill(self, part: str) -> None:
        process = self.processes.pop(part)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def build_environments(self) -> None:
        """The notebook server's environment and the smallest learner's one."""
        build = "import sys; from lyceum import environments; environments.build(sys.argv[1])"
        for name in (environments.SERVER, ENVIRONMENT):
            subprocess.run(
                [sys.executable, "-c", build, name], cwd=REPOSITORY, env=self.environ, check=True
            )

    def migrate(self) -> None:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"],
            cwd=REPOSITORY,
            env=self.environ,
            check=True,
        )

    def portal_says(self, *words: str) -> str:
        """What ``people.py`` prints, run against this platform's database."""
        done = subprocess.run(
            [sys.executable, str(PEOPLE), *words],
            cwd=REPOSITORY,
            env=self.environ,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def people(self, names: list[str], projects: int = 2) -> dict[str, Person]:
        """Learners made in the portal's database, logged in, each with projects."""
        found = json.loads(self.portal_says("make", str(projects), *names))
        return {name: Person(**person) for name, person in found.items()}

    def run(self, person: Person, project: int, seconds: float = 120) -> None:
        """Run a project as its learner and wait until the hub calls it ready."""
        self.portal_says("start", f"{person.id}:{project}")
        wait_until(lambda: self.is_ready(person, project), "server ready", seconds)

    def is_ready(self, person: Person, project: int) -> bool:
        """Whether a server that was started is ready; ``AssertionError`` if its start failed."""
        server = self.server(person, project)
        if not server:
            path = f"/users/{person.id}/servers/{project}/progress"
            said = self.hub_api("GET", path).text
            assert '"failed": true' not in said, said
        return bool(server.get("ready"))

    def server(self, person: Person, project: int) -> dict[str, Any]:
        """The hub's model of a server; empty when it has none."""
        user = self.hub_api("GET", f"/users/{person.id}").json()
        return user.get("servers", {}).get(str(project), {})

    def waiting_sandbox(self) -> str | None:
        """The run of a sandbox started ahead whose zygote takes orders, if there is one."""
        engine = LocalEngine(self.home)
        claimed = self.home / "hub" / "claimed"
        for run in engine.runs():
            mine = run.labels.get("kind") == pool.KIND and run.alive
            if mine and not (claimed / run.run_id).exists() and _greets(engine, run.run_id):
                return run.run_id
        return None

    def hub_api(
        self, method: str, path: str, token: str | None = None, **kwargs: Any
    ) -> httpx.Response:
        """The hub's REST API, with the portal's key unless another is given."""
        token = token or self.settings.secrets().hub_api_token
        return self._caller.request(
            method,
            f"http://127.0.0.1:{self.settings.hub_port}/hub/api{path}",
            headers={"Authorization": f"token {token}"},
            **kwargs,
        )

    @functools.cached_property
    def _caller(self) -> httpx.Client:
        """One for all calls: making one costs more than a call, on cores that servers need."""
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        return httpx.Client(timeout=60, trust_env=False, cookies=no_cookies)

    def browser(self, person: Person | None = None) -> Browser:
        return Browser(self, person)


def _greets(engine: LocalEngine, run_id: str) -> bool:
    host, _, port = (engine.address(run_id) or "").rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=5) as caller:
            return caller.recv(100) == zygote.GREETING
    except (OSError, ValueError):
        return False


class Loopback(httpx.HTTPTransport):
    """Finds ``*.localhost`` on 127.0.0.1, as browsers do and this machine's resolver may not."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.host.endswith("localhost"):
            return super().handle_request(request)
        here = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return super().handle_request(here)


class Browser:
    """A browser's view: both host names lead to the front door; cookies by host."""

    def __init__(self, stack: Stack, person: Person | None) -> None:
        self.stack = stack
        self.client = httpx.Client(timeout=60, transport=Loopback())
        self.trail: list[str] = []
        if person:
            self.client.cookies.set("lyceum_session", person.session, domain="127.0.0.1")

    def get(self, url: str, **kwargs: Any) -> httpx.Response:
        """Follow redirects across both hosts, as a browser does without a click."""
        self.trail = []
        for _ in range(15):
            self.trail.append(url)
            response = self.client.get(url, headers={"Sec-Fetch-Mode": "navigate"}, **kwargs)
            if not response.is_redirect:
                return response
            url = str(response.next_request.url)
        raise AssertionError(f"redirect loop: {self.trail}")


def fresh_name() -> str:
    return f"learner{secrets.token_hex(4)}"
