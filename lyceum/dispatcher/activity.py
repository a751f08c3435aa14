"""Whether somebody, or some code, is at work in a notebook server.

Asked of the server itself. The hub's own ``last_activity`` also counts the
polling of a forgotten browser tab, so that a server would never be idle while
one is open; a warning in the notebook would then never be seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
from django.utils import timezone

from lyceum.config import settings

_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
# Asking must not itself count as activity.
_QUIETLY = {"no_track_activity": "1"}


def last_activity(address: str, user_id: int, project_id: int) -> datetime | None:
    """When the learner or a kernel last did something, at the server's ``host:port``.

    Now, while a kernel is busy: a training that prints nothing is at work all
    the same. ``None`` when the server does not say.
    """
    base = f"http://{address}/user/{user_id}/{project_id}/api/"
    headers = {"Authorization": f"token {settings().secrets().hub_api_token}"}
    try:
        # No TLS to a sandbox of ours; reading the world's certificates takes 20 ms.
        with httpx.Client(
            base_url=base,
            headers=headers,
            params=_QUIETLY,
            timeout=_TIMEOUT,
            trust_env=False,
            verify=False,  # noqa: S501
        ) as client:
            return max(_moments(client), default=None)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None


def _moments(client: httpx.Client) -> Iterator[datetime]:
    for kernel in _ask(client, "kernels"):
        if kernel["execution_state"] == "busy":
            yield timezone.now()
        yield datetime.fromisoformat(kernel["last_activity"])
    for terminal in _ask(client, "terminals"):
        yield datetime.fromisoformat(terminal["last_activity"])
    for session in _ask(client, "sessions"):
        document = _ask(client, f"contents/{session['path']}", content="0")
        yield datetime.fromisoformat(document["last_modified"])


def _ask(client: httpx.Client, what: str, **parameters: str) -> Any:
    answer = client.get(what, params={**_QUIETLY, **parameters})
    answer.raise_for_status()
    return answer.json()
