"""Real environments, built once for all tests that need them, and kept between runs."""

from __future__ import annotations

from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / ".tools" / "test-environments"
"""The value of ``LYCEUM_ENVIRONMENTS`` for such tests; a changed lock builds anew."""
