"""A linear model as ONNX bytes: `x` (rows of 13 floats) times weights, plus a bias, is `y`."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_FLOAT = 1


def linear(weights: Sequence[float], bias: float) -> bytes:
    """The model's file (ONNX IR 8, operators 13)."""
    graph = (
        _node("MatMul", ("x", "w"), "xw")
        + _node("Add", ("xw", "b"), "y")
        + _text(2, "linear")
        + message(5, _tensor("w", (len(weights), 1), weights))
        + message(5, _tensor("b", (1,), (bias,)))
        + message(11, _value("x", len(weights)))
        + message(12, _value("y", 1))
    )
    operators = _text(1, "") + _number(2, 13)
    return _number(1, 8) + message(7, graph) + message(8, operators)


def _node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    names = b"".join(_text(1, name) for name in inputs)
    return message(1, names + _text(2, output) + _text(4, kind))


def _tensor(name: str, shape: Sequence[int], values: Sequence[float]) -> bytes:
    sizes = b"".join(_number(1, size) for size in shape)
    raw = struct.pack(f"<{len(values)}f", *values)
    return sizes + _number(2, _FLOAT) + _text(8, name) + message(9, raw)


def _value(name: str, width: int) -> bytes:
    rows = message(1, _text(2, "N"))
    columns = message(1, _number(1, width))
    tensor = _number(1, _FLOAT) + message(2, rows + columns)
    return _text(1, name) + message(2, message(1, tensor))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return message(field, value.encode())


def message(field: int, content: bytes) -> bytes:
    """A field of a protocol buffer whose value is ``content``."""
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    content = b""
    while value > 127:
        content += bytes((value & 127 | 128,))
        value >>= 7
    return content + bytes((value,))
