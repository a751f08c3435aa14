"""Bodies of calls for hypothesis: bytes, JSON, and what almost fits ``test_fuzz.FIELDS``."""

from __future__ import annotations

import json

from hypothesis import strategies as st

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
near = st.fixed_dictionaries(
    {"number": st.floats(-2, 2) | anything},
    optional={name: anything for name in ("count", "on", "名", "rows", "more", "other")},
)
bodies = (
    st.binary(max_size=60)
    | anything.map(json.dumps).map(str.encode)
    | near.map(json.dumps).map(str.encode)
    | st.lists(near, max_size=25).map(json.dumps).map(str.encode)
)
