"""Whether a part answers: one HTTP request on loopback, never through a proxy."""

from __future__ import annotations

import httpx

TIMEOUT_SECONDS = 2.0


def client() -> httpx.AsyncClient:
    """A client for :func:`answers`; without certificates, which cost time to load."""
    return httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, verify=False)  # noqa: S501


async def answers(http: httpx.AsyncClient, url: str | None) -> bool:
    """Whether ``url`` answers 200 within two seconds; ``True`` when there is none to ask."""
    if url is None:
        return True
    try:
        return (await http.get(url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
