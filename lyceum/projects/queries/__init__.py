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
    dataset_links,
    forks_page,
    has_starred,
    projects_of,
    projects_using,
    seen_dataset_links,
    trash_of,
    versions_page,
)

__all__ = [
    "PAGE_SIZE",
    "Files",
    "HallFilter",
    "Sort",
    "Tab",
    "dataset_links",
    "files_of",
    "forks_page",
    "get_project",
    "get_version",
    "hall_page",
    "has_starred",
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
