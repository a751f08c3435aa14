"""People, projects and environments for tests of notebooks and of the dispatcher."""

from __future__ import annotations

import venv

from lyceum import environments
from lyceum.accounts.models import User
from lyceum.environments.files import files_fingerprint
from lyceum.environments.places import Mark, write_mark
from lyceum.projects.actions import create_project
from lyceum.projects.models import Project

ENVIRONMENT = "sklearn-py311"


def make_learner(name: str, language: str = "en") -> User:
    return User.objects.create_user(
        name, f"{name}@example.com", "a long phrase", language=language
    )


def make_project(owner: User, name: str = "House prices") -> Project:
    return create_project(owner, name=name, environment=ENVIRONMENT)


def make_environment(name: str) -> None:
    """An environment that is built, but for its packages."""
    prefix = environments.prefix(name)
    venv.create(prefix, clear=True, symlinks=True)
    fingerprint = files_fingerprint(environments.get(name))
    write_mark(prefix, Mark(files=fingerprint, seconds=1.0, bytes=1, chinese_font=True))
