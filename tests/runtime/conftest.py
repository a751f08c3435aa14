from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lyceum import environments
from tests.runtime.making import ENVIRONMENTS, Bundle, Trained, train
from tests.support.environments import SHARED


@pytest.fixture(scope="session", autouse=True)
def shared_environments() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))
        yield


def built(environment: str) -> str:
    """The environment's name, once it is there; a test is skipped where it can't be."""
    if not environments.availability(environment).available:
        pytest.skip(f"{environment} is not available on this machine")
    environments.build(environment)
    return environment


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Trained]:
    """``trained(framework)``: its small models, made once."""
    made: dict[str, Trained] = {}

    def models(framework: str) -> Trained:
        built(ENVIRONMENTS[framework])
        if framework not in made:
            folder = tmp_path_factory.mktemp(framework)
            train(framework, folder)
            made[framework] = Trained(folder)
        return made[framework]

    return models


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Callable[[str], Bundle]]:
    """``bundle(environment)``: a bundle's folder, whose worker ends with the test."""
    made: list[Bundle] = []

    def new(environment: str) -> Bundle:
        root = tmp_path / f"bundle{len(made)}"
        root.mkdir()
        made.append(Bundle(root, built(environment)))
        return made[-1]

    yield new
    for each in made:
        each.stop()
