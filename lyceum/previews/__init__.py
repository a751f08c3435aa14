"""Looking inside files that people brought, without trusting them.

Whatever parses such a file runs in worker processes (``workers``) with limits; a
file that breaks its parser gives a ``Problem``, never an exception. This package
knows neither Django nor an app: a caller gives the file's path and a folder to
keep what was computed in, and gets dataclasses.
"""

from lyceum.previews.kinds import Kind, Look, kind_of
from lyceum.previews.looking import entries, text, thumbnail
from lyceum.previews.results import (
    Bin,
    Column,
    ColumnProfile,
    Entry,
    Listing,
    Problem,
    Progress,
    TablePage,
    TableProfile,
    Text,
    Thumbnail,
)
from lyceum.previews.tables import first_page, further_profile, prepare, profile, rows
from lyceum.previews.workers import warm_up

__all__ = [
    "Bin",
    "Column",
    "ColumnProfile",
    "Entry",
    "Kind",
    "Listing",
    "Look",
    "Problem",
    "Progress",
    "TablePage",
    "TableProfile",
    "Text",
    "Thumbnail",
    "entries",
    "first_page",
    "further_profile",
    "kind_of",
    "prepare",
    "profile",
    "rows",
    "text",
    "thumbnail",
    "warm_up",
]
