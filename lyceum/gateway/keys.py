"""API keys: which one a call brings, and how many calls it still has."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Sequence
from urllib.parse import unquote_plus

from lyceum.gateway.problems import Problem
from lyceum.gateway.routes import Key


def given(query: bytes, authorization: bytes) -> str:
    """The key of ``?apiKey=``, else of ``Authorization: Bearer``; empty when there is none."""
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if name == b"apiKey":
            return unquote_plus(value.decode("latin-1"))
    scheme, _, value = authorization.partition(b" ")
    return value.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""


def find(keys: Sequence[Key], plain: str, now: float) -> Key:
    """The key that ``plain`` is, at the time ``now`` (seconds, epoch).

    Every digest is compared, in constant time, so that time tells nothing of any.
    Raises `Problem` when it is none of them or no longer valid.
    """
    if not plain:
        raise Problem("missing_key")
    digest = hashlib.sha256(plain.encode()).hexdigest()
    found = None
    for key in keys:
        if hmac.compare_digest(key.digest.encode(), digest.encode()):
            found = key
    if found is None or (found.expires is not None and found.expires <= now):
        raise Problem("wrong_key")
    return found


class Rates:
    """A token bucket a key: as many calls at once as a minute allows, refilled evenly."""

    def __init__(self) -> None:
        self._buckets: dict[int, tuple[float, float]] = {}

    def spend(self, key: Key, calls: int, now: float) -> None:
        """Take ``calls`` calls, at the time ``now`` (seconds, monotonic).

        A batch may take more than is left, and then the next ones wait for it.
        Raises `Problem` with the seconds to wait when nothing is left.
        """
        most = float(max(key.rate_per_minute, 1))
        left, then = self._buckets.get(key.id, (most, now))
        left = min(most, left + (now - then) * most / 60)
        if left < 1 and calls > 0:
            wait = max(1, math.ceil((1 - left) * 60 / most))
            raise Problem("too_many", retry_after=wait, seconds=wait)
        self._buckets[key.id] = (left - calls, now)

    def owe(self, key: Key, calls: int) -> None:
        """Take ``calls`` more for a call that has been let in: the rest of its batch.

        What is owed is never more than a minute's calls.
        """
        left, then = self._buckets[key.id]
        self._buckets[key.id] = (max(left - calls, -float(key.rate_per_minute)), then)

    def keep(self, keys: set[int]) -> None:
        """Forget the keys that are not among ``keys``."""
        for gone in self._buckets.keys() - keys:
            del self._buckets[gone]
