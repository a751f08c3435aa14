"""HTTP to one platform: its address, its token, its refusals, and lost connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from lyceum.sdk.backoff import Backoff
from lyceum.sdk.errors import LyceumError, refusal
from lyceum.sdk.parallel import AT_ONCE

API = "/api/v1"
TRANSIENT = frozenset({500, 502, 503, 504})
"""The platform restarts or is loaded: the same request may go through later."""

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_AGAIN = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_TIMEOUT = httpx.Timeout(120, connect=10)


class Transport:
    """Requests to the platform at ``address``, as the user of ``token``.

    ``patience`` is how many seconds without progress a lost connection is tried
    again; a platform that has never answered is not waited for at all.
    """

    def __init__(self, address: str, token: str | None, *, patience: float, language: str) -> None:
        self.address = _clean(address)
        headers = {"Accept-Language": language, "User-Agent": "lyceum-sdk"}
        if token:
            if not token.isascii() or not token.isprintable():
                raise LyceumError("bad_token", "This is no access token.", status=401)
            headers["Authorization"] = f"Bearer {token}"
        limits = httpx.Limits(max_keepalive_connections=AT_ONCE + 1)
        self.http = httpx.Client(
            base_url=self.address, headers=headers, timeout=_TIMEOUT, limits=limits
        )
        self._patience = patience
        self._has_answered = False

    def close(self) -> None:
        self.http.close()

    def backoff(
        self, on_wait: Callable[[], None] | None = None, stop: threading.Event | None = None
    ) -> Backoff:
        """Pauses for one piece of work; see :class:`Backoff`."""
        return Backoff(self._patience if self._has_answered else 0, on_wait, stop)

    def json(self, method: str, path: str, *, again: bool | None = None, **request: Any) -> Any:
        """Ask the API; the JSON of its answer, ``None`` when it has no body.

        ``again`` says whether asking twice does no harm, which most methods promise
        anyway; otherwise only what surely was not heard is asked again. Raises
        ``LyceumError`` for a refusal and when the platform can't be reached.
        """
        may_repeat = method in _AGAIN if again is None else again
        backoff = self.backoff()
        while True:
            try:
                answer = self.http.request(method, API + path, **request)
                self._has_answered = True
                if answer.is_success:
                    return self._body(answer)
                if answer.status_code not in TRANSIENT or not may_repeat:
                    raise refusal(answer)
                reason: Exception = refusal(answer)
            except httpx.RequestError as lost:
                reason = self.unreachable(lost)
                if not may_repeat and not isinstance(lost, _UNSENT):
                    raise reason from lost
            backoff.pause(reason)

    @contextmanager
    def stream(self, path: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """A body to be read piece by piece; once, without trying again."""
        with self.http.stream("GET", API + path, headers=headers) as answer:
            self._has_answered = True
            if not answer.is_success:
                answer.read()
            yield answer

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Each item of a list that the API gives page by page."""
        cursor = ""
        while True:
            page = self.json("GET", path, params={**query, "cursor": cursor})
            yield from page["items"]
            cursor = page["next"]
            if not cursor:
                return

    def unreachable(self, lost: Exception) -> LyceumError:
        """A connection that can't be made, or broke, as a sentence."""
        if isinstance(lost, _UNSENT):
            sentence = f"Lyceum can't be reached at {self.address}: nothing answers there."
        elif isinstance(lost, httpx.TimeoutException):
            sentence = f"Lyceum at {self.address} does not answer in time."
        else:
            sentence = f"The connection to Lyceum at {self.address} was lost."
        return LyceumError("unreachable", sentence)

    def _body(self, answer: httpx.Response) -> Any:
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            raise LyceumError(
                "not_lyceum", f"There is no Lyceum at {self.address}.", status=answer.status_code
            ) from None


def _clean(address: str) -> str:
    """``address`` with a scheme and without a path; raises ``LyceumError``."""
    address = address.strip()
    given = address if "://" in address else f"http://{address}"
    try:
        url = httpx.URL(given)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise LyceumError("bad_address", f"“{address}” is no address of a platform.")
    return f"{url.scheme}://{url.netloc.decode()}"
