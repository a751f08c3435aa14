"""A service as an OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lyceum.gateway.fields import Field
from lyceum.gateway.problems import STATUS
from lyceum.gateway.routes import Route
from lyceum.gateway.sentences import SENTENCES

_TYPES = {
    "float": {"type": "number", "format": "double"},
    "integer": {"type": "integer", "format": "int64", "minimum": -(1 << 63), "maximum": 2**63 - 1},
    "boolean": {"type": "boolean"},
    "string": {"type": "string"},
    "array": {"type": "array", "items": {}},
    "object": {"type": "object"},
}
_EXAMPLES = {
    "float": 0.5,
    "integer": 1,
    "boolean": True,
    "string": "text",
    "array": [0.5],
    "object": {},
}
_MEANINGS = {
    400: "The body or a parameter is wrong",
    401: "No key, or not a valid one",
    404: "There is no such service",
    405: "Not POST",
    408: "The body did not arrive in time",
    413: "Too large a body",
    415: "The body is not called JSON",
    429: "Too many calls with this key",
    500: "The service failed on this input",
    503: "The service takes no calls now",
    504: "The prediction took too long",
}


def document(route: Route | Mapping[str, Any], base_url: str = "") -> dict[str, Any]:
    """The document of ``route``, a `Route` or its entry of ``routes.json``.

    ``base_url`` is the platform's address without a trailing slash; with none, addresses
    are relative to where the document comes from. Raises ``msgspec.ValidationError`` for
    an entry that is none.
    """
    known = route if isinstance(route, Route) else msgspec.convert(route, Route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": known.name or known.path,
            "description": known.description,
            "version": str(known.active_revision or 0),
        },
        "servers": [{"url": base_url or "/"}],
        "security": [{"apiKey": []}, {"bearer": []}],
        "paths": {f"/serving/{known.path}": {"post": _operation(known)}},
        "components": {
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "query", "name": "apiKey"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
            "schemas": {"Arguments": _arguments(known), "Error": _error()},
        },
    }


def example(route: Route | Mapping[str, Any]) -> dict[str, Any]:
    """Arguments to begin with: each parameter's default, else a value that it may have."""
    known = route if isinstance(route, Route) else msgspec.convert(route, Route)
    return {field.name: _example(field) for field in known.inputs}


def _operation(route: Route) -> dict[str, Any]:
    one = {"$ref": "#/components/schemas/Arguments"}
    several = {"type": "array", "items": one, "maxItems": route.limits.queue}
    sample = example(route)
    return {
        "operationId": "predict",
        "summary": route.name or "predict",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"oneOf": [one, several]},
                    "examples": {"one": {"value": sample}, "batch": {"value": [sample]}},
                }
            },
        },
        "responses": {"200": _output(route), **_failures()},
    }


def _arguments(route: Route) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [each.name for each in route.inputs if each.required and each.default is None],
        "properties": {each.name: _property(each) for each in route.inputs},
    }


def _property(field: Field) -> dict[str, Any]:
    made: dict[str, Any] = {**_TYPES[field.type]}
    if field.type in ("float", "integer"):
        if field.minimum is not None:
            made["minimum"] = field.minimum
        if field.maximum is not None:
            made["maximum"] = field.maximum
    if not field.required or field.default is not None:
        made["type"] = [made["type"], "null"]
    if field.default is not None:
        made["default"] = field.default
    if field.description:
        made["description"] = field.description
    return made


def _output(route: Route) -> dict[str, Any]:
    """What comes back is the converter's to say: outputs are described, not promised."""
    lines = [
        f"- `{each.name}` ({each.type}) {each.description or ''}".rstrip()
        for each in route.outputs
    ]
    description = "The prediction; for a list of inputs the list of their predictions."
    return {
        "description": "\n".join([description, *lines]),
        "content": {"application/json": {"schema": {}}},
    }


def _failures() -> dict[str, Any]:
    codes: dict[int, list[str]] = {415: ["bad_json"]}
    for code, status in STATUS.items():
        codes.setdefault(status, []).append(code)
    failures = {}
    for status in sorted(codes):
        lines = [f"- `{code}`: {_sentence(code)}" for code in codes[status]]
        failures[str(status)] = {
            "description": "\n".join([_MEANINGS[status], *lines]),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
    return failures


def _sentence(code: str) -> str:
    found = SENTENCES.get(code)
    return found[0] if found else "The parameter is out of its range."


def _error() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["error"],
        "additionalProperties": False,
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "field"],
                "additionalProperties": False,
                "properties": {
                    "code": {"type": "string", "enum": sorted(STATUS)},
                    "message": {"type": "string"},
                    "field": {"type": ["string", "null"]},
                },
            }
        },
    }


def _example(field: Field) -> Any:
    if field.default is not None:
        return field.default
    value = _EXAMPLES[field.type]
    if field.type in ("float", "integer"):
        if field.minimum is not None:
            value = max(value, field.minimum)
        if field.maximum is not None:
            value = min(value, field.maximum)
        return int(value) if field.type == "integer" else value
    return value
