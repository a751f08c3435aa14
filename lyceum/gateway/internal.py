"""What the portal and the dispatcher ask: over loopback, with the platform's own token."""

from __future__ import annotations

import hmac
import time
from typing import Any
from urllib.parse import parse_qs

import msgspec

from lyceum.gateway import calls, frames, http
from lyceum.gateway.calls import Calls
from lyceum.gateway.http import Head, Receive, Scope, Send
from lyceum.gateway.metrics import Error, Metrics
from lyceum.gateway.problems import Problem
from lyceum.gateway.queue import Service

PREFIX = "/internal/"

_LOOPBACK = ("127.0.0.1", "::1")


class _Told(msgspec.Struct):
    """What a worker says of an owner's test that went well."""

    output: msgspec.Raw
    prints: str = ""


class Internal:
    """The addresses below ``/internal/``; the front door leads nobody there."""

    def __init__(self, token: str, handler: Calls, metrics: Metrics) -> None:
        self.version = 0
        self.services: dict[int, Service] = {}
        self._token = token.encode()
        self._calls = handler
        self._metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question."""
        head = http.head(scope)
        client = scope["client"]
        if head.forwarded or client is None or client[0] not in _LOOPBACK:
            return await http.answer(send, http.Answer(404, b"{}"))
        if scope["path"] == "/internal/health":
            return await http.answer(send, http.Answer(200, b"{}"))
        given = head.authorization.removeprefix(b"Bearer ")
        if not hmac.compare_digest(given, self._token):
            return await http.answer(send, http.Answer(401, b"{}"))
        try:
            found = await self._found(scope, head, receive)
        except http.Gone:
            return
        if found is None:
            return await http.answer(send, http.Answer(404, b"{}"))
        await http.answer(send, http.Answer(200, msgspec.json.encode(found)))

    async def _found(self, scope: Scope, head: Head, receive: Receive) -> dict[str, Any] | None:
        if scope["path"] == "/internal/status":
            return self._status()
        match scope["method"], scope["path"].removeprefix(PREFIX).split("/"):
            case "POST", ["services", number, "call"] if service := self._service(number):
                return await self._call(service, head, receive)
            case "GET", ["services", number, "metrics"] if number.isdecimal():
                minutes = parse_qs(scope["query_string"].decode()).get("minutes", ["60"])[0]
                wanted = int(minutes) if minutes.isdecimal() and len(minutes) < 9 else 60
                return {"points": await self._metrics.points(int(number), wanted)}
            case "GET", ["services", number, "errors"] if number.isdecimal():
                found = await self._metrics.errors(int(number))
                return {"errors": [_shown(each, head.chinese) for each in found]}
        return None

    def _service(self, number: str) -> Service | None:
        return self.services.get(int(number)) if number.isdecimal() else None

    def _status(self) -> dict[str, Any]:
        replicas = {
            replica.uid: replica.status()
            for service in self.services.values()
            for replica in service.every_replica()
        }
        return {
            "version": self.version,
            "replicas": replicas,
            "services": {str(pk): each.status() for pk, each in self.services.items()},
            "keys": {str(pk): at for pk, at in self._calls.last_used.items()},
        }

    async def _call(self, service: Service, head: Head, receive: Receive) -> dict[str, Any]:
        began = time.perf_counter()
        body = b""
        try:
            limits = service.route.limits
            body = await http.read(receive, limits.body_bytes, head.length)
            runs, batch = service.known.plan.read(body)
            made = service.submit(runs, frames.OWNERS_TEST)
            try:
                told = [_told(each) for each in await calls.every(made)]
            finally:
                calls.give_up(made)
        except Problem as problem:
            self._calls.note(service, began, problem, body)
            answer = problem.body(head.chinese)
            return {
                "status": problem.status,
                "body": msgspec.Raw(answer),
                "milliseconds": _since(began),
                "bytes": len(answer),
                "prints": problem.prints,
                "message": problem.message,
                "traceback": problem.traceback,
            }
        self._calls.note(service, began)
        outputs = [bytes(each.output) for each in told]
        answer = b"[" + b",".join(outputs) + b"]" if batch else outputs[0]
        return {
            "status": 200,
            "body": msgspec.Raw(answer),
            "milliseconds": _since(began),
            "bytes": len(answer),
            "prints": "".join(each.prints for each in told),
            "message": "",
            "traceback": "",
        }


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)


def _shown(error: Error, chinese: bool) -> dict[str, Any]:
    told = msgspec.to_builtins(error)
    translated = told.pop("chinese")
    return told | {"message": translated} if chinese else told


def _told(body: bytes) -> _Told:
    try:
        return msgspec.json.decode(body, type=_Told)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem("bad_output") from None
