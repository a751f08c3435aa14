"""Reading projects: who may see which, the hall, and what a project's page shows."""

from lyceum.projects.queries.access import (
    get_project,
    get_version,
    latest_version,
    official_project,
    owned_project,
    trashed_project,
    visible_projects,
)
from lyceum.projects.queries.hall import HallFilter, Sort, Tab, hall_page
from lyceum.projects.queries.related import (
    dataset_links,
    forks_page,
    has_starred,
    projects_of,
    projects_using,
    trash_of,
    versions_page,
)

__all__ = [
    "HallFilter",
    "Sort",
    "Tab",
    "dataset_links",
    "forks_page",
    "get_project",
    "get_version",
    "hall_page",
    "has_starred",
    "latest_version",
    "official_project",
    "owned_project",
    "projects_of",
    "projects_using",
    "trash_of",
    "trashed_project",
    "versions_page",
    "visible_projects",
]
