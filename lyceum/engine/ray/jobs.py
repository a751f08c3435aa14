"""Ray's jobs and machines, over its head's HTTP API.

Not ``ray.job_submission``: importing it costs the dispatcher 1.5 s and 90 MB, and every
machine of the platform an installed Ray, for five requests.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from lyceum.engine.base import Capacity, EngineError

_TIMEOUT = httpx.Timeout(20.0, connect=3.0)
_SUBMITTING = httpx.Timeout(60.0, connect=3.0)
_REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


class NoAnswer(EngineError):
    """The head can't be reached, or did not answer as Ray does."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as Ray sees it: ``status`` is ``PENDING``, ``RUNNING`` or one of ``ENDED``."""

    status: str
    message: str

    ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})

    @property
    def ended(self) -> bool:
        return self.status in self.ENDED


class Jobs:
    """The head of one cluster; every method raises `NoAnswer` when it does not answer."""

    def __init__(self, address: str, token: str | None) -> None:
        """``address``: ``http://head:8265``. Raises `EngineError` for anything else."""
        if not address.startswith(("http://", "https://")):
            raise EngineError(
                f"RAY_ADDRESS must be the address of the head's dashboard, such as "
                f"http://head:8265, not {address!r}"
            )
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def insist_on_token(self) -> None:
        """Raise `EngineError` where the cluster takes jobs from anybody who reaches it.

        A task shares its machine's network there, so a learner's program could submit
        one and be the machine's own user.
        """
        if self._ask("GET", "/api/jobs/", anonymous=True).status_code not in _REFUSED:
            raise EngineError(
                "the Ray cluster takes commands without a token, so from learners' programs "
                "too: start it with RAY_AUTH_MODE=token (docs/operators/cluster.md)"
            )

    def submit(self, name: str, entrypoint: str, variables: dict[str, str]) -> None:
        """Submit a job called ``name``; nothing happens where there is one already."""
        body = {
            "submission_id": name,
            "entrypoint": entrypoint,
            "runtime_env": {"env_vars": variables},
        }
        answer = self._ask("POST", "/api/jobs/", timeout=_SUBMITTING, json=body)
        if not answer.is_success and self.find(name) is None:
            raise NoAnswer(f"Ray did not take the job: {_last_line(answer.text)}")

    def find(self, name: str) -> Job | None:
        """The job called ``name``, ``None`` where Ray knows none."""
        answer = self._ask("GET", f"/api/jobs/{name}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        told = self._json(answer)
        return Job(str(told.get("status")), str(told.get("message") or ""))

    def stop(self, name: str) -> None:
        """Send SIGTERM to the job's driver; does not wait for its end."""
        self._ask("POST", f"/api/jobs/{name}/stop")

    def delete(self, name: str) -> None:
        """Make Ray forget an ended job; nothing happens where it knows none."""
        self._ask("DELETE", f"/api/jobs/{name}")

    def capacity(self) -> Capacity:
        """What the machines of the cluster have that are alive now."""
        answer = self._json(self._ask("GET", "/api/v0/nodes", params={"detail": 1, "limit": 1000}))
        nodes = [
            node.get("resources_total") or {}
            for node in answer["data"]["result"]["result"]
            if node.get("state") == "ALIVE"
        ]
        nodes = [resources for resources in nodes if resources.get("CPU")]
        return Capacity(
            cpus=sum(resources["CPU"] for resources in nodes),
            memory_bytes=int(sum(resources.get("memory", 0) for resources in nodes)),
            nodes=len(nodes),
        )

    def _ask(
        self, method: str, path: str, *, anonymous: bool = False, **options: Any
    ) -> httpx.Response:
        headers = {} if anonymous else self._headers
        try:
            # A proxy of the environment is for the world outside, not for the cluster.
            with httpx.Client(trust_env=False, timeout=_TIMEOUT, verify=_trust()) as client:
                answer = client.request(method, self._address + path, headers=headers, **options)
        except httpx.HTTPError as error:
            raise NoAnswer(f"the Ray cluster at {self._address} does not answer") from error
        if answer.status_code in _REFUSED and not anonymous:
            wrong = "does not take our token" if headers else "asks for a token: RAY_AUTH_TOKEN"
            raise NoAnswer(f"the Ray cluster at {self._address} {wrong}")
        return answer

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            return answer.raise_for_status().json()
        except (httpx.HTTPStatusError, ValueError) as error:
            raise NoAnswer(
                f"the Ray cluster at {self._address} gave no answer that can be used: "
                f"{_last_line(answer.text)}"
            ) from error


@cache
def _trust() -> ssl.SSLContext:
    """The machine's own certificates, read once: a head may be behind TLS."""
    return ssl.create_default_context()


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
