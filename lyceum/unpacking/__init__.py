"""Unpacks archives inside the engine's sandbox; no Django here (docs/unpacking.md)."""

from lyceum.unpacking.arrived import Found, Unexpected, found
from lyceum.unpacking.bounds import Bounds, bounds
from lyceum.unpacking.runs import Look, State, forget, look, running, start, stop

__all__ = [
    "Bounds",
    "Found",
    "Look",
    "State",
    "Unexpected",
    "bounds",
    "forget",
    "found",
    "look",
    "running",
    "start",
    "stop",
]
