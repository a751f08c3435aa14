"""The common case of a body, understood by msgspec in one go.

A right body is most bodies. One struct a service's version, with the types and bounds of
its parameters, reads and checks it several times faster than Python can. Whatever it does
not take is looked at again by `schema.Plan`, which says what is wrong, or that nothing is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from lyceum.gateway.fields import Field

_TYPES = {"boolean": bool, "string": str, "array": list[Any], "object": dict[str, Any]}


class Quick:
    """Reads right bodies of one service.

    Raises ``TypeError`` or ``ValueError`` for parameters that no struct can have.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        columns = [_column(place, field) for place, field in enumerate(fields)]
        names = {f"p{place}": field.name for place, field in enumerate(fields)}
        struct = msgspec.defstruct(
            "Arguments", columns, rename=names, forbid_unknown_fields=True, kw_only=True
        )
        self._decode = msgspec.json.Decoder(struct).decode
        self._encode = msgspec.json.Encoder().encode

    def read(self, body: bytes) -> bytes | None:
        """The arguments as JSON with defaults filled in; None for what is not plainly right."""
        try:
            return self._encode(self._decode(body))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None


def _column(place: int, field: Field) -> tuple[Any, ...]:
    name, kind = f"p{place}", _kind(field)
    default = field.default
    if default is None:
        return (name, kind) if field.required else (name, kind | msgspec.UnsetType, msgspec.UNSET)
    return name, kind, msgspec.field(default_factory=lambda: default)


def _kind(field: Field) -> Any:
    if field.type == "float":
        return Annotated[float, msgspec.Meta(ge=field.minimum, le=field.maximum)]
    if field.type == "integer":
        least = -(1 << 63) if field.minimum is None else math.ceil(field.minimum)
        most = (1 << 63) - 1 if field.maximum is None else math.floor(field.maximum)
        return Annotated[int, msgspec.Meta(ge=least, le=most)]
    return _TYPES[field.type]
