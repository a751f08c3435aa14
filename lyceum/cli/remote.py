"""Commands that speak to a platform over its API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from lyceum.cli import credentials
from lyceum.cli.problems import ExitCode, Problem

if TYPE_CHECKING:
    from lyceum.sdk import Client, LyceumError

AGAIN = "Interrupted. Run the same command again to continue."


@contextmanager
def connected(*, interrupted: str = "Interrupted.") -> Iterator[Client]:
    """The platform that the user is logged in to; see :func:`told`."""
    from lyceum.sdk import Client

    with told(interrupted):
        known = credentials.current()
        with Client(known.address, known.token) as client:
            yield client


@contextmanager
def told(interrupted: str = "Interrupted.") -> Iterator[None]:
    """Refusals, lost connections, the disk's troubles and Ctrl-C as ``Problem``."""
    from lyceum.sdk import LyceumError

    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        raise Problem(ExitCode.INTERRUPTED, interrupted) from None
    except LyceumError as refused:
        raise Problem(ExitCode.FAILED, _sentence(refused)) from refused
    except OSError as problem:
        about = f"{problem.filename}: " if problem.filename else ""
        raise Problem(ExitCode.FAILED, f"{about}{problem.strerror or problem}.") from problem


def _sentence(refused: LyceumError) -> str:
    if refused.status == 401:
        return f"{refused.message} Make an access token on the platform and run `lyceum login`."
    return refused.message
