from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lyceum import environments
from lyceum.environments.definition import DEFINITIONS, Environment

REPOSITORY = Path(__file__).resolve().parents[2]
NAMES = sorted(path.parent.name for path in DEFINITIONS.glob("*/environment.toml"))


def test_learners_see_five_environments_the_default_first() -> None:
    names = [environment.name for environment in environments.definitions()]

    assert names[0] == "paddle3-py311"
    assert set(names) == {
        "paddle3-py311",
        "fluid-py27",
        "fluid-py37",
        "torch-py311",
        "sklearn-py311",
    }


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(environments.UnknownEnvironment):
        environments.get("../paddle3-py311")


@pytest.mark.parametrize("name", NAMES)
def test_the_lock_pins_all_that_is_asked_for(name: str) -> None:
    environment = environments.get(name)
    pins = {canonicalize_name(name): version for name, version in environment.pins.items()}

    for requirement in requirements_of(environment):
        version = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), requirement


@pytest.mark.parametrize("name", NAMES)
def test_every_pin_has_a_hash(name: str) -> None:
    lock = environments.get(name).lock.read_text()

    for pin in re.split(r"\n(?=[a-z])", lock.partition("\n")[2]):
        assert "--hash=sha256:" in pin, pin


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_in_both_languages(name: str) -> None:
    label = environments.get(name).label

    assert set(label) == {"zh", "en"}
    assert all(label.values())


def test_notebook_server_and_hub_are_of_one_release() -> None:
    lock = tomllib.loads((REPOSITORY / "uv.lock").read_text())
    (hub,) = [package for package in lock["package"] if package["name"] == "jupyterhub"]

    assert environments.get(environments.SERVER).pins["jupyterhub"] == hub["version"]


def test_a_changed_lock_is_another_build(small: Path) -> None:
    before = environments.get("small").fingerprint
    with (small / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    from lyceum.environments import definition

    definition._all.cache_clear()

    assert environments.get("small").fingerprint != before


def requirements_of(environment: Environment) -> list[Requirement]:
    lines = environment.requirements.read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]
