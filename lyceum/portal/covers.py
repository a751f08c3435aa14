"""Calm pictures for works without a cover: always the same for the same id.

Each pattern gives what ``portal/components/cover.html`` draws: a ``hue`` in degrees
and SVG paths on a canvas of 320 × 180.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

_CALM_HUES = (198, 172, 222, 150, 248, 36, 268, 208)
_CELL = 20


def waves(key: int) -> dict[str, Any]:
    """Hills behind a falling training curve, for a project."""
    digest = _digest(f"cover {key}")
    return {
        "hue": _hue(digest),
        "far": _wave(digest[1:5], base=96, height=40),
        "near": _wave(digest[5:9], base=132, height=26),
        "line": _curve(digest[9:12]),
    }


def cells(key: int) -> dict[str, Any]:
    """Filled cells of a table, as of a heat map, for a dataset: denser around one place."""
    digest = _digest(f"cells {key}")
    column, row = 3 + digest[1] % 10, 2 + digest[2] % 5
    shades: tuple[list[str], list[str]] = ([], [])
    noise = b"".join(_digest(f"noise {key} {part}") for part in range(5))
    for index in range(16 * 9):
        x, y = index % 16, index // 16
        near = math.exp(-((x - column) ** 2 / 18 + (y - row) ** 2 / 8))
        level = near + noise[index] / 255 * 0.55
        if level > 0.42:
            shades[level > 0.75].append(f"M{x * _CELL + 2},{y * _CELL + 2}h16v16h-16z")
    return {"hue": _hue(digest), "far": "".join(shades[0]), "near": "".join(shades[1])}


PATTERNS: dict[str, Callable[[int], dict[str, Any]]] = {"waves": waves, "cells": cells}


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _hue(digest: bytes) -> int:
    return _CALM_HUES[digest[0] % len(_CALM_HUES)]


def _wave(seed: bytes, *, base: int, height: int) -> str:
    """An SVG path of hills, closed at the bottom."""
    length = 140 + seed[0] % 120
    shift = seed[1] / 255 * 2 * math.pi
    tops = [
        f"{x},{base + height * math.sin(x / length * math.pi + shift):.1f}"
        for x in range(0, 321, 20)
    ]
    return f"M0,180 L{' L'.join(tops)} L320,180 Z"


def _curve(seed: bytes) -> str:
    """A falling training curve with a little noise, as an SVG path."""
    speed = 50 + seed[0] % 60
    points = [
        f"{x},{36 + seed[1] % 24 + 84 * (1 - math.exp(-x / speed)) + 5 * math.sin(x * (1 + seed[2]) / 90):.1f}"  # noqa: E501
        for x in range(24, 297, 8)
    ]
    return f"M{' L'.join(points)}"
