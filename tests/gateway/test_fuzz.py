"""Bodies that nobody thought of: the plan against JSON Schema, the gateway against bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import jsonschema
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, example, given, settings
from schemathesis import checks

from lyceum.gateway import openapi
from lyceum.gateway.fields import Field
from lyceum.gateway.problems import STATUS, Problem
from lyceum.gateway.quick import Quick
from lyceum.gateway.routes import Route
from lyceum.gateway.schema import Plan
from tests.gateway.bodies import bodies, near
from tests.gateway.stack import KEY, Stack

FIELDS = [
    {"name": "number", "type": "float", "required": True, "minimum": -1.5, "maximum": 1e6},
    {"name": "count", "type": "integer", "required": False, "default": 3, "minimum": 0},
    {"name": "on", "type": "boolean", "required": False},
    {"name": "名", "type": "string", "required": False},
    {"name": "rows", "type": "array", "required": False},
    {"name": "more", "type": "object", "required": False},
]
ENTRY = {
    "service": 1,
    "path": "sandbox/public1",
    "state": "running",
    "inputs": FIELDS,
    "limits": {"body_bytes": 100_000, "timeout_seconds": 5, "queue": 500},
}
ROUTE = msgspec.convert(ENTRY, Route)
PLAN = Plan(ROUTE.inputs, most=20)
DOCUMENT = openapi.document(ENTRY, "https://learn.example")
VALID = jsonschema.Draft202012Validator(DOCUMENT["components"]["schemas"]["Arguments"])


@settings(max_examples=400, deadline=None, database=None)
@given(near)
@example({"number": 1.0, "count": 4.0})
@example({"number": 10**400})
@example({"number": None})
@example({"number": 1, "count": None, "more": None})
def test_the_plan_and_the_document_agree(arguments: dict[str, Any]) -> None:
    try:
        made = PLAN.arguments(arguments)
    except Problem as problem:
        assert problem.status == 400
        assert problem.field
        assert not VALID.is_valid(arguments)
    else:
        assert VALID.is_valid(arguments)
        assert list(made) == [each.name for each in ROUTE.inputs if each.name in made]
        assert all(type(made[name]) is float for name in ("number",))
        assert type(made["count"]) is int
        assert json.loads(msgspec.json.encode(made)) == made


@settings(max_examples=400, deadline=None, database=None)
@given(near)
@example({"number": 1, "count": 4.0})
@example({"number": 1, "count": 2**63})
@example({"number": 1, "count": 1e300})
@example({"number": 10**400})
@example({"number": 1, "on": None})
@example({"number": 1, "rows": [10**30, 1e-400]})
def test_the_quick_way_is_the_way(arguments: dict[str, Any]) -> None:
    quick = Quick(ROUTE.inputs).read(json.dumps(arguments).encode())
    if quick is not None:
        assert quick == msgspec.json.encode(PLAN.arguments(arguments))


def test_most_right_bodies_go_the_quick_way() -> None:
    quick = Quick(ROUTE.inputs)
    assert quick.read(b'{"number": 1}') == b'{"number":1.0,"count":3}'
    assert quick.read(b'{"count": 0, "number": -1.5, "rows": []}')
    assert Quick([]).read(b"{}") == b"{}"


@pytest.mark.parametrize("names", [["a", "a"], ['"'], ["\n"], ["class"], [""], ["__init__"]])
def test_parameters_of_any_name(names: list[str]) -> None:
    plan = Plan([Field(name, "float") for name in names], most=1)
    body = json.dumps(dict.fromkeys(names, 2)).encode()
    ((run,), _) = plan.read(body)
    assert json.loads(run) == dict.fromkeys(names, 2.0)


@settings(max_examples=400, deadline=None, database=None)
@given(bodies)
@example(b"\xef\xbb\xbf{}")
@example(b"[" * 100_000)
@example(b'{"number": 1, "number": 2}')
@example(b'{"number": -0.0}')
def test_any_bytes_are_arguments_or_a_problem(body: bytes) -> None:
    try:
        runs, batch = PLAN.read(body)
    except Problem as problem:
        assert problem.status == 400
        for chinese in (False, True):
            assert json.loads(problem.body(chinese))["error"]["code"] in STATUS
    else:
        assert batch or len(runs) == 1
        for run in runs:
            assert math.isfinite(json.loads(run)["number"])


@pytest.fixture(scope="module")
def service(stack: Stack) -> Iterator[None]:
    """The gateway serves what the document is of; its worker lives through it all."""
    pid = stack.call({}).json()["pid"]
    stack.serve(inputs=FIELDS)
    stack.taken()
    served = stack.http.get(f"{stack.address(plain=None)}/openapi.json?apiKey={KEY}").json()
    assert served["components"] == DOCUMENT["components"]
    yield
    assert stack.call({"number": 1}).json()["pid"] == pid


checks.load_all_checks()
promises = schemathesis.openapi.from_dict(DOCUMENT)


@promises.parametrize()
@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_the_document_keeps_its_promises(case: Any, stack: Stack, service: None) -> None:
    case.call_and_validate(base_url=stack.url, headers={"Authorization": f"Bearer {KEY}"})
