"""Imported ahead by the workers' server process, so that a new worker has it all."""

import duckdb  # noqa: F401

from lyceum.previews.inside import archives, pictures, preparing, texts  # noqa: F401
