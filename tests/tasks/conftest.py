"""People and a cluster project for the tests of tasks, and a data folder for each.

What needs Django's models is imported in the fixtures: pytest reads this file before
pytest-django has set Django up.
"""

from __future__ import annotations

import pytest

from lyceum.engine.base import Capacity


@pytest.fixture
def home(settings, tmp_path, monkeypatch):
    settings.LANGUAGE_CODE = "en"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setenv("LYCEUM_HOME", str(tmp_path / "lyceum"))
    monkeypatch.setattr(
        "lyceum.engine.local.LocalEngine.capacity",
        lambda self: Capacity(cpus=64, memory_bytes=256 << 30),
        raising=False,
    )


@pytest.fixture
def lin(db, home):
    from lyceum.accounts.models import User

    return User.objects.create_user("lin", display_name="Lin")


@pytest.fixture
def amy(db, home):
    from lyceum.accounts.models import User

    return User.objects.create_user("amy", display_name="Amy")


@pytest.fixture
def cluster(lin):
    from tests.tasks.making import make_cluster

    return make_cluster(lin)
