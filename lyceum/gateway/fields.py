"""A declared parameter or output of a service."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Field(msgspec.Struct, frozen=True):
    """As the routes have it; no ``default`` and no bound are None."""

    name: str
    type: Literal["float", "integer", "boolean", "string", "array", "object"]
    required: bool = True
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    description: str | None = None
