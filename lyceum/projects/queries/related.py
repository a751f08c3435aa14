"""What belongs to a project or a person: versions, forks, datasets, stars, trash."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from lyceum.accounts.models import User
from lyceum.common.paging import Page, page_of
from lyceum.datasets.models import DatasetVersion
from lyceum.datasets.queries import newest_versions
from lyceum.projects.dataset_access import usable_ids
from lyceum.projects.models import Project, ProjectDataset, Star, Version
from lyceum.projects.queries.access import Reader, visible_projects

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """A dataset that a project uses, pinned to ``link.version``.

    ``newest`` is the dataset's newest version, ``None`` when it is lost. ``lost`` says
    why the project does not get it any more: ``trash``, ``private`` (another's, made
    private since), or empty while it is there.
    """

    link: ProjectDataset
    newest: DatasetVersion | None
    lost: str = ""

    @property
    def newer(self) -> DatasetVersion | None:
        """The newest version, if the project has an older one."""
        is_newer = self.newest is not None and self.newest.pk != self.link.version_id
        return self.newest if is_newer else None


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


def dataset_uses(user: Reader, project: Project) -> list[DatasetUse]:
    """The project's datasets as ``user`` may see them, in their places.

    Its owner also sees which are not there any more; others see those that they may see.
    """
    links = dataset_links(project)
    seen = usable_ids(user, [link.dataset_id for link in links])
    newest = newest_versions(seen)
    is_owner = user.is_authenticated and project.owner_id == user.pk
    uses = [DatasetUse(each, newest.get(each.dataset_id), _lost(each, seen)) for each in links]
    return [use for use in uses if is_owner or not use.lost]


def hidden_datasets(user: Reader, project: Project) -> int:
    """How many private datasets of its owner's the project uses that ``user`` can't see."""
    links = dataset_links(project)
    seen = usable_ids(user, [link.dataset_id for link in links])
    usable = usable_ids(project.owner, [link.dataset_id for link in links])
    return len(usable - seen)


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


def _lost(link: ProjectDataset, seen: set[int]) -> str:
    if link.dataset_id in seen:
        return ""
    return "trash" if link.dataset.deleted else "private"
