"""The platform's limits, read once from ``limits.toml`` (guide; DESIGN.md §7).

Each value can be overridden by an environment variable
``LYCEUM_LIMIT_<NAME>``, for example ``LYCEUM_LIMIT_RUNNING_PROJECTS_PER_USER=5``.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path

_PREFIX = "LYCEUM_LIMIT_"


@cache
def _shipped() -> dict[str, int]:
    return tomllib.loads(Path(__file__).with_name("limits.toml").read_text())


def limit(name: str) -> int:
    """The value of the limit called ``name``, in the unit its name ends with.

    Raises ``KeyError`` for an unknown name and ``ValueError`` for an override
    that is not a whole number.
    """
    shipped = _shipped()[name]
    override = os.environ.get(_PREFIX + name.upper())
    return shipped if override is None else int(override)
