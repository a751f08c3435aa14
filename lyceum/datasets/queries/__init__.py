"""Reading datasets; one file a subject. Every query starts from who asks."""

from lyceum.datasets.queries.access import (
    Reader,
    get_dataset,
    get_version,
    newest_version,
    official_dataset,
    owned_dataset,
    trashed_dataset,
    visible_datasets,
    with_favourites,
)
from lyceum.datasets.queries.drafts import DraftView, UploadView, draft_view, owned_draft
from lyceum.datasets.queries.files import (
    FILES_SHOWN,
    Folder,
    archive_name,
    file_path,
    files_of,
    folder_of,
    stored_file,
    version_folder,
    zip_stream,
)
from lyceum.datasets.queries.for_projects import newest_versions, project_counts
from lyceum.datasets.queries.hall import HallFilter, Sort, Tab, datasets_page, hall_page
from lyceum.datasets.queries.quota import Quota, bytes_left, quota
from lyceum.datasets.queries.related import (
    comments_page,
    popular_tags,
    trash_of,
    versions_of,
)

__all__ = [
    "FILES_SHOWN",
    "DraftView",
    "Folder",
    "HallFilter",
    "Quota",
    "Reader",
    "Sort",
    "Tab",
    "UploadView",
    "archive_name",
    "bytes_left",
    "comments_page",
    "datasets_page",
    "draft_view",
    "file_path",
    "files_of",
    "folder_of",
    "get_dataset",
    "get_version",
    "hall_page",
    "newest_version",
    "official_dataset",
    "owned_dataset",
    "owned_draft",
    "popular_tags",
    "quota",
    "stored_file",
    "trash_of",
    "newest_versions",
    "trashed_dataset",
    "version_folder",
    "versions_of",
    "visible_datasets",
    "project_counts",
    "with_favourites",
    "zip_stream",
]
