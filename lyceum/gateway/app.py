"""The ASGI application: which address is whose, and what works behind calls."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import msgspec

from lyceum.gateway import http, openapi
from lyceum.gateway.calls import Calls
from lyceum.gateway.frontdoor import FrontDoor
from lyceum.gateway.http import Receive, Scope, Send
from lyceum.gateway.internal import PREFIX, Internal
from lyceum.gateway.metrics import Metrics
from lyceum.gateway.nodes import Nodes
from lyceum.gateway.problems import Problem
from lyceum.gateway.queue import Service
from lyceum.gateway.replicas import Replica
from lyceum.gateway.routes import Routes, Table

log = logging.getLogger("lyceum.gateway")

SERVING = "/serving/"
_DOCUMENT = "/openapi.json"
_SWEEP_SECONDS = 0.1


class Gateway:
    """The gateway of the platform whose ``<home>/gateway`` is ``folder``.

    ``token`` is what the platform's own parts show; ``nodes`` the host and port where
    workers on other machines dial, ``None`` where all are on this one.
    """

    def __init__(self, folder: Path, token: str, nodes: tuple[str, int] | None = None) -> None:
        self._folder = folder
        self._token = token
        self._nodes = nodes
        self._metrics = Metrics(folder / "metrics.sqlite3")
        self._calls = Calls(self._metrics)
        self._internal = Internal(token, self._calls, self._metrics)
        self._routes = Routes(folder / "routes.json", self._changed)
        self._by_path: dict[str, Service] = {}
        self._closed: set[Service] = set()
        self._seen: dict[tuple[str, int], float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; the lifespan starts and stops what works behind calls."""
        if scope["type"] != "http":
            return await self._live(receive, send)
        path: str = scope["path"]
        try:
            if path.startswith(PREFIX):
                await self._internal.handle(scope, receive, send)
            elif scope["method"] == "OPTIONS":
                await http.preflight(send)
            elif path.endswith(_DOCUMENT):
                await self._document(path, scope, send)
            else:
                await http.answer(send, await self._call(path, scope, receive))
        except http.Gone:
            return
        except Exception:
            log.exception("a call failed")
            await http.answer(send, http.refusal(Problem("gateway_failed"), chinese=False))

    async def _call(self, path: str, scope: Scope, receive: Receive) -> http.Answer:
        head = http.head(scope)

        async def read(most: int) -> bytes:
            return await http.read(receive, most, head.length)

        method, query = scope["method"], scope["query_string"]
        return await self._calls.handle(self._find(path), method, query, head, read)

    def _find(self, path: str) -> Service | None:
        return self._by_path.get(path)

    def _replica(self, uid: str) -> Replica | None:
        services = self._internal.services.values()
        found = (each.replicas.get(uid) for each in services)
        return next((replica for replica in found if replica is not None), None)

    async def _document(self, path: str, scope: Scope, send: Send) -> None:
        """A service's OpenAPI document, for those who have a key of it."""
        head = http.head(scope)
        try:
            service = self._find(path.removesuffix(_DOCUMENT))
            if service is None:
                raise Problem("unknown_service")
            if scope["method"] not in ("GET", "HEAD"):
                raise Problem("wrong_method")
            self._calls.admit(service, scope["query_string"], head)
        except Problem as problem:
            return await http.answer(send, http.refusal(problem, head.chinese))
        document = msgspec.json.encode(openapi.document(service.route))
        await http.answer(send, http.Answer(200, document))

    def _changed(self, table: Table) -> None:
        services = self._internal.services
        for pk, known in table.services.items():
            if pk in services:
                services[pk].update(known)
            else:
                services[pk] = service = Service(known)
                service.last_call = self._seen.get(("service", pk))
        for pk in services.keys() - table.services.keys():
            gone = services.pop(pk)
            gone.close()
            self._closed.add(gone)
        self._by_path = {SERVING + each.route.path: each for each in services.values()}
        self._calls.keep({key.id for each in services.values() for key in each.route.keys})
        self._internal.version = table.version

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            for service in [*self._internal.services.values(), *self._closed]:
                try:
                    service.sweep(loop.time())
                except Exception:
                    log.exception("service %s could not be swept", service.route.service)
            self._closed = {service for service in self._closed if not service.gone}

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._seen = await self._metrics.open()
        self._calls.last_used = {
            number: at for (kind, number), at in self._seen.items() if kind == "key"
        }
        self._routes.look()
        doors: list[FrontDoor | Nodes] = [FrontDoor(self._folder, self._find, self._calls)]
        if self._nodes:
            doors.append(Nodes(self._nodes, self._token, self._replica))
        tasks = [
            asyncio.create_task(work)
            for work in (self._routes.watch(), self._sweep(), self._metrics.write_forever())
        ]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for door in doors:
            door.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for service in self._internal.services.values():
            service.end()
        await self._metrics.close()
        await send({"type": "lifespan.shutdown.complete"})
