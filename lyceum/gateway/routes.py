"""What the gateway knows of services: ``routes.json``, as the dispatcher replaces it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import msgspec

from lyceum.gateway.fields import Field
from lyceum.gateway.schema import Plan

log = logging.getLogger("lyceum.gateway")

LOOK_SECONDS = 0.1


class Key(msgspec.Struct, frozen=True):
    """An API key: SHA-256 of it in hex, and until when it is valid (seconds, epoch)."""

    id: int
    digest: str
    rate_per_minute: int
    expires: float | None = None


class Limits(msgspec.Struct, frozen=True):
    """Bytes of a body, seconds of a call, calls that may wait."""

    body_bytes: int
    timeout_seconds: float
    queue: int


class ReplicaRoute(msgspec.Struct, frozen=True):
    """A replica that runs, and the folder where its worker looks for our socket."""

    id: str
    revision: int
    folder: str


class Route(msgspec.Struct, frozen=True):
    """One service, as the dispatcher wrote it (docs/gateway.md)."""

    service: int
    path: str
    state: str
    name: str = ""
    description: str = ""
    reason: str = ""
    wake: bool = False
    redact: bool = False
    active_revision: int | None = None
    inputs: tuple[Field, ...] = ()
    outputs: tuple[Field, ...] = ()
    keys: tuple[Key, ...] = ()
    limits: Limits = Limits(10 << 20, 30.0, 1000)
    batch: bool = True
    replicas: tuple[ReplicaRoute, ...] = ()


class _File(msgspec.Struct, frozen=True):
    version: int
    services: list[msgspec.Raw]


@dataclass(frozen=True, slots=True)
class Known:
    """A service's route, with its plan made."""

    route: Route
    plan: Plan


@dataclass(frozen=True, slots=True)
class Table:
    """All services by primary key, as one version of the file has them."""

    version: int
    services: Mapping[int, Known]


EMPTY = Table(0, MappingProxyType({}))


class Routes:
    """The file's newest version; ``changed`` is called with each new table."""

    def __init__(self, path: Path, changed: Callable[[Table], None]) -> None:
        self.table = EMPTY
        self._path = path
        self._changed = changed
        self._seen: tuple[int, ...] | None = None
        self._made: dict[bytes, Known] = {}

    def look(self) -> None:
        """Take the file in if it is another one than before.

        A file that can't be read leaves everything as it was: calls go on.
        """
        try:
            about = os.stat(self._path)
            seen = (about.st_mtime_ns, about.st_ino, about.st_size)
            if seen == self._seen:
                return
            self._seen = seen
            self._take(msgspec.json.decode(self._path.read_bytes(), type=_File))
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
            log.error("%s can't be used: %s", self._path, error)
        except Exception:
            log.exception("a version of the routes could not be taken in")

    async def watch(self) -> None:
        """Look every tenth of a second, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def _take(self, file: _File) -> None:
        made: dict[bytes, Known] = {}
        services: dict[int, Known] = {}
        for raw in map(bytes, file.services):
            known = self._made.get(raw) or _known(raw)
            if known:
                made[raw] = known
                services[known.route.service] = known
        self._made = made
        self.table = Table(file.version, MappingProxyType(services))
        self._changed(self.table)


def _known(raw: bytes) -> Known | None:
    """A service's entry; one that can't be read is left out and does not stop the others."""
    try:
        route = msgspec.json.decode(raw, type=Route)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.error("a service of the routes can't be used: %s", error)
        return None
    limits = route.limits
    return Known(route, Plan(route.inputs, most=limits.queue))
