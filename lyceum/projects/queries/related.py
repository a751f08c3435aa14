"""What belongs to a project or a person: versions, forks, datasets, stars, trash."""

from __future__ import annotations

from django.db.models import QuerySet

from lyceum.accounts.models import User
from lyceum.common.paging import Page, page_of
from lyceum.projects.dataset_access import usable_ids
from lyceum.projects.models import Project, ProjectDataset, Star, Version
from lyceum.projects.queries.access import Reader, visible_projects

PAGE_SIZE = 30


def versions_page(
    project: Project, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Version]:
    """Saved versions, newest first, with their authors."""
    rows = project.versions.select_related("author")
    return page_of(rows, order=("number",), cursor=cursor, size=size)


def forks_page(
    user: Reader, project: Project, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Project]:
    """Forks of a project, newest first, each with ``is_open``: may ``user`` open it.

    That a fork exists, by whom and when is everybody's to see (guide, Fork记录);
    a private fork's name is not.
    """
    rows = project.forks.select_related("owner").defer("search_text", "description")
    page = page_of(rows, order=("id",), cursor=cursor, size=size)
    open_ids = set(
        visible_projects(user)
        .filter(pk__in=[fork.pk for fork in page.items])
        .values_list("pk", flat=True)
    )
    for fork in page.items:
        fork.is_open = fork.pk in open_ids
    return page


def dataset_links(project: Project) -> list[ProjectDataset]:
    """The project's datasets in their places, with dataset and version."""
    return list(project.dataset_links.select_related("dataset__owner", "version"))


def seen_dataset_links(user: Reader, project: Project) -> list[ProjectDataset]:
    """Those of the project's datasets that ``user`` may see: a shared project may
    use a private dataset of its owner's."""
    links = dataset_links(project)
    seen = usable_ids(user, [link.dataset_id for link in links])
    return [link for link in links if link.dataset_id in seen]


def projects_using(
    user: Reader, dataset_id: int, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Project]:
    """The projects ``user`` may see that use the dataset, newest first, with owners."""
    rows = visible_projects(user).filter(dataset_links__dataset_id=dataset_id)
    rows = rows.select_related("owner").defer("search_text", "description", "description_en")
    return page_of(rows, order=("id",), cursor=cursor, size=size)


def has_starred(user: Reader, project: Project) -> bool:
    """Whether ``user`` has starred ``project``."""
    if not user.is_authenticated:
        return False
    return Star.objects.filter(user_id=user.pk, project=project).exists()


def projects_of(person: User, user: Reader, *, size: int = 12) -> list[Project]:
    """``person``'s newest projects that ``user`` may see."""
    rows = visible_projects(user).filter(owner=person).select_related("owner")
    return list(rows.defer("search_text", "description").order_by("-id")[:size])


def trash_of(user: User) -> QuerySet[Project]:
    """The projects in ``user``'s trash, last deleted first."""
    return Project.objects.filter(owner=user, deleted__isnull=False).order_by("-deleted")
