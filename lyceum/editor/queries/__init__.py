"""Reading for the code editor: files, datasets, versions, and what a task may have."""

from lyceum.editor.queries.files import (
    MOST_ENTRIES,
    Tree,
    drafts_of,
    text_of,
    tree_of,
)
from lyceum.editor.queries.resources import Resources, resources_of
from lyceum.editor.queries.versions import VersionCode, code_of_version

__all__ = [
    "MOST_ENTRIES",
    "Resources",
    "Tree",
    "VersionCode",
    "code_of_version",
    "drafts_of",
    "resources_of",
    "text_of",
    "tree_of",
]
