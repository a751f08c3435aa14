"""Collecting static files: once, and again only when one has changed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import get_finder
from pytest_django.fixtures import Settings

from lyceum.portal.storage import StaticStorage, collect_static

FINDER = "django.contrib.staticfiles.finders.FileSystemFinder"


@pytest.fixture
def source(settings: Settings, tmp_path: Path) -> Path:
    """A folder that is all there is to collect."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.css").write_text("body { color: teal; }\n" * 100)
    settings.STATICFILES_FINDERS = [FINDER]
    settings.STATICFILES_DIRS = [folder]
    settings.STATIC_ROOT = tmp_path / "static"
    get_finder.cache_clear()
    yield folder
    get_finder.cache_clear()


def test_only_what_changed_is_collected_again(source: Path, settings: Settings) -> None:
    assert collect_static() is True
    assert collect_static() is False
    (source / "a.css").write_text("body { color: navy; }")
    assert collect_static() is True
    assert "navy" in (settings.STATIC_ROOT / "a.css").read_text()


def test_addresses_are_hashed_once_collected_and_plain_before(
    source: Path, settings: Settings
) -> None:
    assert StaticStorage().url("a.css") == "/static/a.css"
    collect_static()
    address = StaticStorage().url("a.css")
    assert address != "/static/a.css"
    name = address.removeprefix("/static/")
    packed = (settings.STATIC_ROOT / f"{name}.gz").read_bytes()
    assert gzip.decompress(packed) == (source / "a.css").read_bytes()
