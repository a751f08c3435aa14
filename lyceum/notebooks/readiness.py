"""Whether a project's environment can be used on this machine, and making it so."""

from __future__ import annotations

from collections.abc import Callable

from lyceum import environments
from lyceum.notebooks.sentences import environment_obstacle


def needed(environment: str) -> tuple[str, ...]:
    """The environments a notebook needs: the one the server runs in, and the project's."""
    return (environments.SERVER, environment)


def obstacle(environment: str) -> str | None:
    """Why no notebook can run in ``environment`` here; ``None`` when one can."""
    for name in needed(environment):
        reason = environments.availability(name).reason
        if reason:
            return environment_obstacle(reason)
    return None


def is_ready(environment: str) -> bool:
    """Whether everything that a notebook in ``environment`` needs is built."""
    return all(environments.availability(name).built for name in needed(environment))


def make_ready(environment: str, on_progress: Callable[[float, str], None]) -> None:
    """Build what is missing; ``on_progress`` gets the fraction of the whole and a step.

    The steps are those of ``environments.Progress``. Raises ``BuildError`` or
    ``EnvironmentUnavailable``.
    """
    missing = [name for name in needed(environment) if not environments.availability(name).built]
    for position, name in enumerate(missing):

        def forward(progress: environments.Progress, position: int = position) -> None:
            on_progress((position + progress.fraction) / len(missing), progress.step)

        environments.build(name, forward)
