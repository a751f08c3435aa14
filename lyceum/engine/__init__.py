"""Runs user code in a sandbox; outlives whoever started it. No Django here."""

from __future__ import annotations

# Light on purpose: every shim imports this package before a learner's program starts.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from lyceum.engine.base import Engine
    from lyceum.engine.local import LocalEngine


def local_engine() -> LocalEngine:
    """The engine of this platform's data folder, as every part of it sees it."""
    from lyceum.config import settings
    from lyceum.engine.local import LocalEngine

    configured = settings()
    return LocalEngine(configured.root, sandbox=configured.sandbox)


def task_engine() -> Engine:
    """The engine of cluster tasks and services: this machine's, or Ray with
    ``LYCEUM_ENGINE=ray``."""
    from lyceum.config import settings

    if settings().engine == "local":
        return local_engine()
    from lyceum.engine.ray.engine import RayEngine

    return RayEngine(settings().root, sandbox=settings().sandbox)
