"""Refusals as ``application/problem+json`` (RFC 9457), and their place in OpenAPI."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from ninja import Schema

MEDIA_TYPE = "application/problem+json"


class ProblemOut(Schema):
    """A refusal (RFC 9457); ``code`` is stable, ``title`` a sentence for the reader."""

    type: str
    title: str
    status: int
    code: str
    field: str | None = None


def problem_response(
    status: int, code: str, title: str, *, field: str | None = None
) -> HttpResponse:
    """A refusal as the API answers it; ``field`` names what in the request is wrong."""
    body = {
        "type": f"urn:lyceum:{code}",
        "title": title,
        "status": status,
        "code": code,
        "field": field,
    }
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def declare_problems(schema: dict[str, Any]) -> None:
    """Say in an OpenAPI document that every refusal is a problem document, and that
    any operation may answer 422 (a request that does not fit its schema)."""
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    for path in schema["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            responses.setdefault("422", {"description": "Unprocessable Content"})
            for status, response in responses.items():
                if int(status) >= 400:
                    response["content"] = problem
    known = schema.setdefault("components", {}).setdefault("schemas", {})
    known.setdefault("ProblemOut", ProblemOut.model_json_schema())
