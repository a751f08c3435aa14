"""JupyterHub's REST API, as far as the portal and the dispatcher need it.

The hub's user name is the learner's user id and its server name the project
id, so that its addresses follow the guide's rule ``/user/<user>/<project>/``.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from lyceum.config import settings

Key = tuple[int, int]
"""User id and project id."""

_TIMEOUT = httpx.Timeout(15.0, connect=3.0)
# A progress stream is silent between two events; the hub sends a blank line every 8 s.
_STREAM_TIMEOUT = httpx.Timeout(30.0, connect=3.0)
_PAGE = 200
_MISSING = 404
_FAILED = "Spawn failed: "


class HubUnreachable(Exception):
    """The hub does not answer just now; it may be restarting."""


class HubRefused(Exception):
    """The hub answered with a refusal; the message is its own sentence."""


@dataclass(frozen=True, slots=True)
class HubServer:
    """A named server as the hub sees it.

    ``pending`` is ``spawn``, ``stop`` or ``None``; ``run_id`` is the engine's run,
    which our spawner keeps in its state, empty while there is none.
    """

    ready: bool
    pending: str | None
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """One event of a spawn: percent, the hub's sentence, the spawner's step, how it ended."""

    percent: int
    message: str
    step: str = ""
    ready: bool = False
    failed: bool = False


def start_server(user_id: int, project_id: int) -> None:
    """Have the hub start the server; one that starts or runs already is fine.

    Raises ``HubUnreachable`` or ``HubRefused``.
    """
    with _client() as client:
        answer = _post_server(client, user_id, project_id)
        if answer.status_code == _MISSING:  # the learner's first server
            _call(client, "POST", "/users", json={"usernames": [str(user_id)]}, accept={409})
            answer = _post_server(client, user_id, project_id)
        if answer.status_code == _MISSING:
            raise HubRefused(_sentence(answer))
        if answer.status_code == httpx.codes.BAD_REQUEST:
            found = _state(client, user_id, project_id)
            if found is None or not (found.ready or found.pending == "spawn"):
                raise HubRefused(_sentence(answer))


def stop_server(user_id: int, project_id: int) -> None:
    """Have the hub stop the server; one that does not run is fine.

    The hub may still be stopping it when this returns: see :func:`server`.
    Raises ``HubUnreachable`` or ``HubRefused``.
    """
    with _client() as client:
        _call(client, "DELETE", _server(user_id, project_id), accept={_MISSING})


def server(user_id: int, project_id: int) -> HubServer | None:
    """What the hub knows of one server, ``None`` when it runs none of that name."""
    with _client() as client:
        return _state(client, user_id, project_id)


def active_servers() -> dict[Key, HubServer]:
    """Every project's server that the hub starts, runs or stops now."""
    found: dict[Key, HubServer] = {}
    with _client() as client:
        offset: int | None = 0
        while offset is not None:
            answer = _call(
                client,
                "GET",
                "/users",
                params={"state": "active", "offset": offset, "limit": _PAGE},
                headers={"Accept": "application/jupyterhub-pagination+json"},
            ).json()
            found.update(_project_servers(answer["items"]))
            following = answer["_pagination"]["next"]
            offset = following["offset"] if following else None
    return found


def spawn_failure(user_id: int, project_id: int) -> str | None:
    """The sentence a spawn ended with, ``None`` when the hub knows of no failed one."""
    with _client() as client:
        try:
            answer = _call(
                client, "GET", _server(user_id, project_id) + "/progress", accept={400, _MISSING}
            )
        except HubUnreachable:
            return None
    for line in answer.text.splitlines() if answer.is_success else ():
        event = _event(line)
        if event and event.failed:
            return event.message
    return None


async def progress(user_id: int, project_id: int) -> AsyncIterator[Progress]:
    """The events of a spawn as they happen, until it is ready or has failed.

    Yields nothing when the hub has no such spawn. Raises ``HubUnreachable``
    when the hub goes away.
    """
    address = f"{_base()}{_server(user_id, project_id)}/progress"
    try:
        async with (
            httpx.AsyncClient(headers=_headers(), timeout=_STREAM_TIMEOUT) as client,
            client.stream("GET", address) as answer,
        ):
            if not answer.is_success:
                return
            async for line in answer.aiter_lines():
                event = _event(line)
                if event:
                    yield event
    except httpx.TransportError as error:
        raise HubUnreachable(str(error)) from error


def _base() -> str:
    return f"http://127.0.0.1:{settings().hub_port}/hub/api"


def _headers() -> dict[str, str]:
    return {"Authorization": f"token {settings().secrets().hub_api_token}"}


def _client() -> httpx.Client:
    # No TLS on loopback; reading the certificates of the world takes 20 ms of the processor.
    return httpx.Client(
        base_url=_base(),
        headers=_headers(),
        timeout=_TIMEOUT,
        trust_env=False,
        verify=False,  # noqa: S501
    )


def _server(user_id: int, project_id: int) -> str:
    return f"/users/{user_id}/servers/{project_id}"


def _post_server(client: httpx.Client, user_id: int, project_id: int) -> httpx.Response:
    return _call(client, "POST", _server(user_id, project_id), json={}, accept={400, _MISSING})


def _call(
    client: httpx.Client,
    method: str,
    path: str,
    *,
    accept: Collection[int] = (),
    **arguments: Any,
) -> httpx.Response:
    try:
        answer = client.request(method, path, **arguments)
    except httpx.TransportError as error:
        raise HubUnreachable(str(error)) from error
    # 502 to 504 come from whoever stands in for a hub that is not there yet.
    if answer.status_code in (502, 503, 504):
        raise HubUnreachable(_sentence(answer))
    if not answer.is_success and answer.status_code not in accept:
        raise HubRefused(_sentence(answer))
    return answer


def _sentence(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"


def _state(client: httpx.Client, user_id: int, project_id: int) -> HubServer | None:
    answer = _call(client, "GET", f"/users/{user_id}", accept={_MISSING})
    if answer.status_code == _MISSING:
        return None
    return _project_servers([answer.json()]).get((user_id, project_id))


def _project_servers(users: Iterable[dict[str, Any]]) -> dict[Key, HubServer]:
    """Servers whose user and name are numbers: the hub's other ones are not ours."""
    return {
        (int(user["name"]), int(name)): HubServer(
            ready=bool(model["ready"]),
            pending=model["pending"],
            run_id=str((model.get("state") or {}).get("run_id", "")),
        )
        for user in users
        if user["name"].isdecimal()
        for name, model in (user.get("servers") or {}).items()
        if name.isdecimal()
    }


def _event(line: str) -> Progress | None:
    if not line.startswith("data:"):
        return None
    event = json.loads(line.removeprefix("data:"))
    return Progress(
        percent=int(event.get("progress", 0)),
        message=str(event.get("message", "")).removeprefix(_FAILED),
        step=str(event.get("stage", "")),
        ready=bool(event.get("ready")),
        failed=bool(event.get("failed")),
    )
