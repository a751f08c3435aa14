"""What all tests share: a platform home of their own, and a database of their own.

``LYCEUM_TEST_DATABASE=postgresql`` runs the tests that touch the database, and
only those, on a private PostgreSQL cluster instead of SQLite.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from django.conf import settings

from tests.support.postgresql import Cluster

HOME = Path(tempfile.mkdtemp(prefix="lyceum-test-"))
ON_POSTGRESQL = os.environ.get("LYCEUM_TEST_DATABASE") == "postgresql"
CLUSTER = Cluster() if ON_POSTGRESQL else None

for name in [name for name in os.environ if name.startswith("LYCEUM_")]:
    del os.environ[name]
os.environ.pop("DATABASE_URL", None)
os.environ["LYCEUM_HOME"] = str(HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "lyceum.portal.settings"
# Playwright's event loop runs in the tests' thread once a browser has started.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
if CLUSTER:
    os.environ["DATABASE_URL"] = CLUSTER.url
assert settings.LYCEUM.root == HOME.resolve()  # read now: pytest-django sets Django up with these
if not CLUSTER:
    # A file, as in production: threads that share a database in memory lock each other out.
    settings.DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}

pytest_plugins = ["tests.support.platform", "tests.support.browser"]

REAL_PROCESSES = {
    "cli",
    "content",
    "dispatcher",
    "e2e",
    "engine",
    "environments",
    "gateway",
    "hub",
    "notebook_extension",
    "previews",
    "runtime",
    "sdk",
    "serving",
    "unpacking",
    "uploads",
}
"""Folders whose tests start servers, sandboxes, kernels and browsers, or ask a package
registry: one that fails is tried once more, and the report names it (RERUN). Nothing else
runs beside them (``scripts/test``): many of them wait for things to happen in time."""

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup"}


@pytest.fixture(autouse=True)
def own_home(request: pytest.FixtureRequest) -> None:
    """A data folder for each test that touches the database: the ids of rolled-back rows
    come again, and the files of an earlier test must not be there."""
    if _uses_database(request.node):
        home = request.getfixturevalue("tmp_path") / "lyceum"
        request.getfixturevalue("monkeypatch").setenv("LYCEUM_HOME", str(home))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Workers find no home set, and each makes its own as this process did."""
    for name in ("DJANGO_SETTINGS_MODULE", "LYCEUM_HOME"):
        del os.environ[name]


def pytest_configure(config: pytest.Config) -> None:
    if CLUSTER and not config.option.collectonly:
        CLUSTER.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if CLUSTER:
        CLUSTER.stop()
    shutil.rmtree(HOME, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, leave out what has already run on SQLite and is not about the database:
    it uses none, or it is about browsers or whole stacks in sandboxes."""
    for item in items:
        if _starts_processes(item):
            item.add_marker(pytest.mark.flaky(reruns=1))
            item.add_marker(pytest.mark.processes)
    if not CLUSTER:
        return
    chosen = [item for item in items if _uses_database(item) and not _is_about_more(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def _starts_processes(item: pytest.Item) -> bool:
    is_marked = any(item.get_closest_marker(name) is not None for name in ("sandbox", "slow"))
    return item.path.parent.name in REAL_PROCESSES or is_marked or "browser" in item.fixturenames


def _is_about_more(item: pytest.Item) -> bool:
    whole = all(item.get_closest_marker(name) is not None for name in ("sandbox", "slow"))
    return whole or "browser" in item.fixturenames


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)
