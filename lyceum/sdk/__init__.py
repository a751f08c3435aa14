"""Lyceum for Python programs: :class:`Client` over the REST API and tus uploads."""

from lyceum.sdk.client import Client
from lyceum.sdk.errors import LyceumError
from lyceum.sdk.progress import Progress

__all__ = ["Client", "LyceumError", "Progress"]
