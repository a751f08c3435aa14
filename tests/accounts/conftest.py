"""What the tests about people share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from tests.accounts.support import PASSWORD

if TYPE_CHECKING:  # Django is not set up yet when pytest reads this file
    from lyceum.accounts.models import User


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path: Path) -> Path:
    """Uploaded pictures go to a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def quick_hashing(settings: Settings) -> None:
    """What a password's hash costs is Django's affair, and a second on a busy machine."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def fresh_throttle(db: None) -> Iterator[None]:
    """Login attempts of one test do not count in the next."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def english() -> Client:
    return Client(headers={"accept-language": "en", "host": "127.0.0.1"})


@pytest.fixture
def learner(db: None) -> User:
    from lyceum.accounts.models import User

    return User.objects.create_user("lin", "lin@example.org", PASSWORD)


@pytest.fixture
def signed_in(learner: User) -> Client:
    client = Client(headers={"accept-language": "en", "host": "127.0.0.1"})
    assert client.login(username="lin", password=PASSWORD)
    return client
