"""Values from models and converters as people read them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_SHORT_LIST = re.compile(r"\[[^\[\]{}\"]{0,2000}\]")
_BLANKS = re.compile(r"\s+")


def pretty(value: Any) -> str:
    """A JSON value indented, with lists of numbers on one line."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return _SHORT_LIST.sub(_on_one_line, text)


def trial_context(trial: Mapping[str, Any]) -> dict[str, Any]:
    """What a trial shows beside its state: the output, and the converter's line at fault."""
    return {
        "output": pretty(trial["output"]) if "output" in trial else "",
        "line": error_line(trial.get("traceback", "")),
    }


def error_line(traceback: str) -> int:
    """The last line of the converter that a traceback names; 0 for none."""
    found = 0
    for line in traceback.splitlines():
        _before, mark, after = line.partition('converter.py", line ')
        number = after.partition(",")[0].strip()
        if mark and number.isdecimal():
            found = int(number)
    return found


def _on_one_line(found: re.Match[str]) -> str:
    return _BLANKS.sub(" ", found[0]).replace("[ ", "[").replace(" ]", "]")
