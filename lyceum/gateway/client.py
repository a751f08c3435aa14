"""How the portal and the dispatcher speak with the gateway: plain calls over loopback.

The import is light: neither uvicorn nor the gateway's own machinery comes with it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import httpx

from lyceum.config import Settings, settings

_SECONDS = 3.0


class GatewayUnreachable(Exception):
    """The gateway does not answer, or not as a gateway; ``str()`` says what happened."""


@dataclass(frozen=True, slots=True)
class ReplicaStatus:
    """A replica as the gateway sees it.

    ``failed`` is ``{"message", "traceback"}`` once its worker said that it can't load.
    """

    connected: bool
    ready: bool
    in_flight: int
    failed: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A service's calls just now; ``last_call`` is seconds since the epoch or None."""

    queue: int
    in_flight: int
    last_call: float | None
    wake_asked: bool


@dataclass(frozen=True, slots=True)
class Status:
    """``version`` is that of the routes in force; ``keys`` maps a key to its last use.

    Services and keys are those of the routes, by their primary keys; replicas by uid.
    """

    version: int
    replicas: dict[str, ReplicaStatus]
    services: dict[int, ServiceStatus]
    keys: dict[int, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call of the owner's got.

    ``status`` and ``body`` are what a caller would have got, ``bytes`` the size of that
    body. The rest is the owner's alone: the converter's ``prints``, and for a failure
    its ``message`` and ``traceback`` (empty when there is none).
    """

    status: int
    body: Any
    milliseconds: float
    bytes: int
    prints: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute's calls; times in milliseconds, None in a minute without a call.

    ``minute`` is its first second since the epoch.
    """

    minute: int
    calls: int
    errors: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed call; ``input`` is at most 10 kB of its body, None where that is not kept.

    ``at`` is seconds since the epoch.
    """

    at: float
    status: int
    code: str
    message: str
    field: str | None
    input: str | None
    traceback: str


def status(*, current: Settings | None = None) -> Status:
    """What the gateway knows now.

    Raises `GatewayUnreachable`.
    """
    found = _ask(current, "GET", "/internal/status")
    return Status(
        found["version"],
        {uid: ReplicaStatus(**each) for uid, each in found["replicas"].items()},
        {int(pk): ServiceStatus(**each) for pk, each in found["services"].items()},
        {int(pk): at for pk, at in found["keys"].items()},
    )


def call(
    service: int, body: bytes | str, *, language: str = "en", current: Settings | None = None
) -> Answer:
    """Call a service as its owner: without a key, with prints and tracebacks.

    ``body`` is JSON as a caller would send it; what is wrong with it is in the answer,
    in ``language`` (as in Accept-Language).
    Lasts as long as the service may take, at most about a minute and a half.
    Raises `GatewayUnreachable`, also for a service that the gateway does not know yet.
    """
    path = f"/internal/services/{service}/call"
    return Answer(**_ask(current, "POST", path, content=body, language=language, seconds=90.0))


def metrics(service: int, minutes: int = 60, *, current: Settings | None = None) -> list[Minute]:
    """The last ``minutes`` minutes, oldest first, those without a call too.

    Raises `GatewayUnreachable`.
    """
    found = _ask(current, "GET", f"/internal/services/{service}/metrics?minutes={minutes}")
    return [Minute(**each) for each in found["points"]]


def errors(
    service: int, *, language: str = "en", current: Settings | None = None
) -> list[Failure]:
    """The last failed calls, newest first, at most 100, in ``language`` where it is ours to say.

    Raises `GatewayUnreachable`.
    """
    found = _ask(current, "GET", f"/internal/services/{service}/errors", language=language)
    return [Failure(**each) for each in found["errors"]]


def _ask(
    current: Settings | None,
    method: str,
    path: str,
    content: bytes | str | None = None,
    language: str = "en",
    seconds: float = _SECONDS,
) -> Any:
    current = current or settings()
    headers = {
        "Authorization": f"Bearer {current.secrets().internal_token}",
        "Accept-Language": language,
    }
    if content is not None:
        headers["Content-Type"] = "application/json"
    address = f"http://127.0.0.1:{current.gateway_port}{path}"
    request = _http().build_request(
        method, address, content=content, headers=headers, timeout=seconds
    )
    try:
        answer = _sent(request)
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise GatewayUnreachable(str(error) or type(error).__name__) from error


def _sent(request: httpx.Request) -> httpx.Response:
    try:
        return _http().send(request)
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
        # A connection of the gateway's before this one. A call may have been made already.
        if request.method != "GET":
            raise
        return _http().send(request)


@functools.cache
def _http() -> httpx.Client:
    """One for all threads: connections stay open from one question to the next."""
    # No TLS on loopback; the certificates of the world would take longer than the call.
    return httpx.Client(trust_env=False, verify=False)  # noqa: S501
