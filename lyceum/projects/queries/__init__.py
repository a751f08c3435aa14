"""Reading projects: who may see which, the hall, and what a project's page shows."""

from lyceum.projects.queries.access import (
    get_project,
    get_version,
    latest_version,
    official_project,
    origin_of,
    owned_project,
    trashed_project,
    visible_projects,
)
from lyceum.projects.queries.files import Files, files_of
from lyceum.projects.queries.hall import PAGE_SIZE, HallFilter, Sort, Tab, hall_page, tab_with
from lyceum.projects.queries.related import (
    DatasetUse,
    dataset_links,
    dataset_uses,
    forks_page,
    has_starred,
    hidden_datasets,
    projects_of,
    projects_using,
    seen_dataset_links,
    trash_of,
    versions_page,
)

__all__ = [
    "PAGE_SIZE",
    "DatasetUse",
    "Files",
    "HallFilter",
    "Sort",
    "Tab",
    "dataset_links",
    "dataset_uses",
    "files_of",
    "forks_page",
    "get_project",
    "get_version",
    "hall_page",
    "has_starred",
    "hidden_datasets",
    "latest_version",
    "official_project",
    "origin_of",
    "owned_project",
    "projects_of",
    "projects_using",
    "seen_dataset_links",
    "tab_with",
    "trash_of",
    "trashed_project",
    "versions_page",
    "visible_projects",
]
