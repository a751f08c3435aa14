"""What the create dialog offers: environments by framework, with why not."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language

from lyceum import environments
from lyceum.notebooks.sentences import environment_obstacle

_FRAMEWORKS = {
    "paddle": "PaddlePaddle",
    "paddle-fluid": "PaddlePaddle Fluid",
    "torch": "PyTorch",
    "sklearn": "scikit-learn",
}


@dataclass(frozen=True, slots=True)
class EnvironmentChoice:
    """An environment as the dialog shows it; ``reason`` says why it can't be had here."""

    name: str
    label: str
    interpreter: str
    framework: str
    available: bool
    built: bool
    reason: str


def framework_label(framework: str) -> str:
    """A framework's name as its makers write it."""
    return _FRAMEWORKS.get(framework, framework)


def environment_label(name: str) -> str:
    """An environment's name in the reader's language; of one that is no more, its id."""
    found = next((each for each in environments.definitions() if each.name == name), None)
    return found.label[_language()] if found else name


def frameworks() -> list[tuple[str, str]]:
    """The frameworks there are environments for: value and name."""
    names = dict.fromkeys(each.framework for each in environments.definitions())
    return [(name, framework_label(name)) for name in names]


def environment_choices() -> list[EnvironmentChoice]:
    """The environments, the default first, each with whether this machine has it."""
    choices = []
    for each in environments.definitions():
        state = environments.availability(each.name)
        choices.append(
            EnvironmentChoice(
                name=each.name,
                label=each.label[_language()],
                interpreter=each.interpreter,
                framework=framework_label(each.framework),
                available=state.available,
                built=state.built,
                reason=environment_obstacle(state.reason) if state.reason else "",
            )
        )
    return choices


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"
