"""Forking: a project of one's own from another's saved version (guide, Fork项目)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict
from lyceum.notifications.actions import notify
from lyceum.notifications.models import NotificationKind
from lyceum.projects import versions, workfolder
from lyceum.projects.actions._birth import bring_forth, unborn_project
from lyceum.projects.actions._fields import store_tags
from lyceum.projects.actions.dataset_use import changing_use
from lyceum.projects.actions.datasets import link_datasets
from lyceum.projects.actions.versions import record_version, take_snapshot
from lyceum.projects.dataset_access import usable_ids
from lyceum.projects.models import Project, Version
from lyceum.projects.queries import dataset_links, get_project, get_version, latest_version
from lyceum.projects.starter import notebook_name

_CARRIED = (
    "kind", "environment", "framework", "resource", "name", "name_en", "description",
    "description_en", "main_file",
)  # fmt: skip


def fork_project(user: User, project_id: int, *, number: int | None = None) -> Project:
    """Make ``user`` a private project from version ``number`` (the newest if ``None``).

    It carries files, environment, tags and those datasets that ``user`` may use:
    never the original's private ones. The environment need not be available here.
    """
    original = get_project(user, project_id)
    source = latest_version(original) if number is None else get_version(original, number)
    if source is None:
        raise Conflict("no_version", _("This project has no saved version to fork yet."))
    links = dataset_links(original)
    usable = usable_ids(user, [link.dataset_id for link in links])
    carried = {name: getattr(original, name) for name in _CARRIED}
    origin = {"forked_from": original, "forked_version": source.number}
    with unborn_project(owner=user, **carried, **origin) as fork:
        rename = (notebook_name(original.pk), notebook_name(fork.pk))
        versions.check_out(original.pk, source.commit, workfolder.home(fork.pk), rename=rename)
        snapshot = take_snapshot(fork.pk)
        with transaction.atomic():
            # The project before the datasets, in the order of everybody who locks both.
            Project.objects.filter(pk=original.pk).update(fork_count=F("fork_count") + 1)
            _tell_owner(user, original)
            with changing_use(usable):
                store_tags(fork, list(original.tags.values_list("name", flat=True)))
                link_datasets(fork, [link.version for link in links if link.dataset_id in usable])
                record_version(fork, snapshot, author=user, note="", cause=Version.Cause.FORK)
                bring_forth(fork)
    return fork


def _tell_owner(user: User, original: Project) -> None:
    notify(
        [original.owner_id],
        NotificationKind.FORKED,
        actor=user,
        link=f"/projects/{original.pk}/",
        title=original.name,
    )
