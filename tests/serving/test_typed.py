"""Whatever is typed into the wizard, or told by a probe, gets a sentence or works."""

from __future__ import annotations

import ast
import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lyceum.common.errors import DomainError
from lyceum.gateway.schema import Field, Plan
from lyceum.serving import probes
from lyceum.serving.actions import _fields
from lyceum.serving.converters import template
from lyceum.serving.fields import TYPES, checked_fields, example, prefilled
from lyceum.serving.models import ModelKind

quick = settings(
    max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
text = st.text(max_size=8) | st.sampled_from(
    ["x", "CRIM", "年龄", "a\nb", "\x01", '"', "\\", "$x"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
typed_field = st.fixed_dictionaries(
    {},
    optional={
        "name": text | json_values,
        "type": st.sampled_from(TYPES) | json_values,
        "required": st.booleans() | json_values,
        "default": json_values,
        "minimum": st.none() | st.integers() | json_values,
        "maximum": st.none() | st.integers() | json_values,
        "description": text | json_values,
        "more": json_values,
    },
)
typed_fields = st.lists(typed_field, max_size=4)
told = st.dictionaries(
    st.sampled_from(["ok", "inputs", "outputs", "output", "message", "seconds", "traceback"]),
    st.booleans()
    | json_values
    | st.lists(
        st.fixed_dictionaries(
            {"name": text, "dtype": st.sampled_from(["float32", "int64", "string", "", None])},
            optional={
                "shape": st.lists(st.integers(-2, 5), max_size=4) | json_values,
                "columns": json_values,
            },
        ),
        max_size=3,
    ),
)


@quick
@given(typed_fields)
def test_fields_are_kept_checked_or_refused(fields):
    with contextlib.suppress(DomainError):
        kept = _fields.clean_typed_fields(fields, "inputs")
        json.dumps(kept, allow_nan=False).encode()
    with contextlib.suppress(DomainError):
        checked = checked_fields(fields, "inputs")
        plan = Plan([Field(**each) for each in checked], most=1)
        if all(each["type"] != "array" or each["default"] is not None for each in checked):
            plan.arguments(example(checked))  # what the test page begins with can be called


@quick
@given(typed_fields, told, st.sampled_from([*ModelKind.values, ""]))
def test_any_fields_and_any_model_have_an_example_and_a_converter(fields, result, kind):
    found = probes._kept(json.loads(json.dumps(result)))
    tensors = found.get("inputs", [])
    json.dumps(found, allow_nan=True).encode()
    for declared in (fields, prefilled(tensors)):
        example(declared, tensors)
        with contextlib.suppress(UnicodeEncodeError):  # half a character, which is never kept
            json.dumps(declared, ensure_ascii=False).encode()
            ast.parse(template(kind, declared, tensors))


@pytest.mark.parametrize("kind", ModelKind.values)
def test_names_stay_what_they_are(kind):
    names = ['"', "\\", "a b", "年龄", "'", "${x}", "$$"]
    fields = [{"name": name, "type": "float"} for name in names]
    tree = ast.parse(template(kind, fields, None))
    literals = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert set(names) <= literals
