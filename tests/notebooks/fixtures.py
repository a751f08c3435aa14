"""What tests of notebooks and of the dispatcher share.

What needs Django's models is imported in the fixtures: pytest reads this file
before pytest-django has set Django up.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from lyceum.config import settings as platform_settings
from tests.notebooks.hub import Hub, serve
from tests.support.platform import free_ports


@pytest.fixture(autouse=True)
def in_english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture(autouse=True)
def own_files() -> Iterator[None]:
    """Row ids begin anew in each test; the files of an earlier one, here or in another
    folder, must not be there."""
    _remove_files()
    yield
    _remove_files()


def _remove_files() -> None:
    for folder in ("projects", "datasets"):
        shutil.rmtree(platform_settings().root / folder, ignore_errors=True)


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> int:
    """The platform's first port; hub, portal and proxy follow as in ``lyceum.config``."""
    port = free_ports()
    monkeypatch.setenv("LYCEUM_PORT", str(port))
    return port


@pytest.fixture
def hub(ports: int) -> Iterator[Hub]:
    """A hub that answers where the portal looks for it."""
    fake = Hub(platform_settings().secrets().hub_api_token)
    server = serve(fake, platform_settings().hub_port)
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def built() -> Iterator[None]:
    """The two environments of a notebook."""
    from lyceum import environments
    from tests.notebooks.making import ENVIRONMENT, make_environment

    names = (environments.SERVER, ENVIRONMENT)
    for name in names:
        make_environment(name)
    yield
    for name in names:
        environments.remove_build(environments.prefix(name))


@pytest.fixture
def learner(db):
    from tests.notebooks.making import make_learner

    return make_learner("lin")


@pytest.fixture
def project(learner):
    from tests.notebooks.making import make_project

    return make_project(learner)


@pytest.fixture
def in_threads() -> Callable[..., list[object]]:
    """Call functions at the same moment, each in a thread with its own connection."""
    from django.db import connection

    def run(*calls: Callable[[], object]) -> list[object]:
        together = Barrier(len(calls))

        def one(call: Callable[[], object]) -> object:
            together.wait()
            try:
                return call()
            except Exception as error:
                return error
            finally:
                connection.close()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    return run
