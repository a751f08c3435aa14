"""English, so that tests can look for what people are told."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _english(settings) -> None:
    settings.LANGUAGE_CODE = "en"
