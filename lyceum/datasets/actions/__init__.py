"""Writing datasets; one file a subject. Each checks who asks, then writes at once."""

from lyceum.datasets.actions._fields import About, refresh_search
from lyceum.datasets.actions.comments import add_comment, delete_comment
from lyceum.datasets.actions.creating import create_dataset, create_version
from lyceum.datasets.actions.details import (
    edit_dataset,
    lock_datasets,
    set_cover,
    set_project_count,
)
from lyceum.datasets.actions.drafts import discard_draft, new_draft, open_draft, put_back, take_out
from lyceum.datasets.actions.favourites import add_favourite, remove_favourite
from lyceum.datasets.actions.official import install_official
from lyceum.datasets.actions.tags import refresh_tag, translate_tags
from lyceum.datasets.actions.trash import delete_dataset, purge, restore_dataset
from lyceum.datasets.actions.uploads import (
    WantedUpload,
    allow_upload,
    begin_upload,
    begin_uploads,
    end_upload,
)
from lyceum.datasets.actions.versions import add_files_version, add_version

__all__ = [
    "About",
    "WantedUpload",
    "add_comment",
    "add_favourite",
    "add_files_version",
    "add_version",
    "allow_upload",
    "begin_upload",
    "begin_uploads",
    "create_dataset",
    "create_version",
    "delete_comment",
    "delete_dataset",
    "discard_draft",
    "edit_dataset",
    "end_upload",
    "install_official",
    "lock_datasets",
    "new_draft",
    "open_draft",
    "purge",
    "put_back",
    "refresh_search",
    "refresh_tag",
    "remove_favourite",
    "restore_dataset",
    "set_cover",
    "set_project_count",
    "take_out",
    "translate_tags",
]
