"""Converters whose indentation Python refuses, and what becomes of them."""

from __future__ import annotations

import pytest

from lyceum.runtime.predictor import indentation
from tests.runtime import guide

UNEVEN = '''\
def output(results, data_args):
    """
  text that goes back
    """
   lines = []
   for dt in results:
       if dt:
            lines.append({"predict":
dt})
          # a comment anywhere
         continue
       lines.append(\\
0)
   return lines
value = 1
'''


def test_the_guides_output_listing_has_the_meaning_it_seems_to_have() -> None:
    listing = guide.converters()[1]
    with pytest.raises(IndentationError):
        compile(listing, "converter.py", "exec")

    source = indentation.repair(listing)

    space: dict[str, object] = {}
    exec(compile(source, "converter.py", "exec"), space)
    assert len(source.splitlines()) == len(listing.splitlines())
    assert space["output"]([Result()], {}) == [{"predict": [[1.5]]}]


class Result:
    def tolist(self) -> list[list[float]]:
        return [[1.5]]


def test_a_line_belongs_to_the_innermost_block_it_has_just_left() -> None:
    source = indentation.repair(UNEVEN)

    space: dict[str, object] = {}
    exec(compile(source, "converter.py", "exec"), space)
    assert space["output"]([0, 5], {}) == [0, {"predict": 5}]
    assert space["value"] == 1
    assert [line.strip() for line in source.splitlines()] == [
        line.strip() for line in UNEVEN.splitlines()
    ]


def test_tabs_are_eight_columns_wide_as_on_python_2() -> None:
    mixed = "def f():\n        a = 1\n\treturn a\n"
    with pytest.raises(TabError):
        compile(mixed, "converter.py", "exec")

    space: dict[str, object] = {}
    exec(indentation.repair(mixed), space)

    assert space["f"]() == 1


@pytest.mark.parametrize("source", ["def f(:\n  pass\n", "'''\n", "f(\n"])
def test_what_is_broken_otherwise_stays_broken(source: str) -> None:
    try:
        source = indentation.repair(source)
    except (SyntaxError, Exception):
        return
    with pytest.raises(SyntaxError):
        compile(source, "converter.py", "exec")
