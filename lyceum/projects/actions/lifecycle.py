"""Creating a project (guide, 创建项目), and making one official."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError
from lyceum.common.text import clean_line, clean_text
from lyceum.projects import workfolder
from lyceum.projects.actions._birth import bring_forth, unborn_project
from lyceum.projects.actions._fields import (
    clean_description,
    clean_environment,
    clean_name,
    clean_resource,
    clean_tags,
    clean_visibility,
    refresh_search,
    store_tags,
)
from lyceum.projects.actions.dataset_use import changing_use
from lyceum.projects.actions.datasets import check_dataset_count, link_datasets
from lyceum.projects.actions.versions import record_version, take_snapshot
from lyceum.projects.dataset_access import newest_version
from lyceum.projects.models import Project, Version
from lyceum.projects.starter import MAIN_FILE, starter_files


def create_project(
    user: User,
    *,
    name: str,
    environment: str,
    kind: str = Project.Kind.NOTEBOOK,
    resource: str = "cpu",
    description: str = "",
    tags: Sequence[str] = (),
    dataset_ids: Sequence[int] = (),
    visibility: str = Project.Visibility.PRIVATE,
    notebook: bytes | None = None,
    files: Mapping[str, bytes] | None = None,
    main_file: str = MAIN_FILE,
) -> Project:
    """Create a project of ``user``'s with its first version; anyone logged in may.

    ``notebook`` is the content of its notebook (``<id>.ipynb``), an empty one when
    not given; ``files`` are others by path. A cluster project without ``files`` has
    sample code; ``main_file`` is what its tasks run. Raises
    ``DomainError`` about the field that is wrong: at most two datasets, which
    ``user`` may use, and an environment this machine can have.
    """
    if kind not in Project.Kind.values:
        raise DomainError("no_such_kind", _("There is no such project type."), field="kind")
    chosen = clean_environment(environment)
    tag_names = clean_tags(tags)
    check_dataset_count(dataset_ids)
    dataset_versions = [newest_version(user, dataset_id) for dataset_id in dataset_ids]
    fields = {
        "owner": user,
        "kind": kind,
        "environment": chosen.name,
        "framework": chosen.framework,
        "resource": clean_resource(resource, kind),
        "name": clean_name(name),
        "description": clean_description(description),
        "visibility": clean_visibility(visibility),
    }
    if kind == Project.Kind.CLUSTER:
        fields["main_file"] = main_file
    with unborn_project(**fields) as project:
        root = workfolder.home(project.pk)
        for path, data in starter_files(project, chosen, notebook, files or {}).items():
            workfolder.write_file(root, path, data)
        snapshot = take_snapshot(project.pk)
        with changing_use(dataset_ids):
            store_tags(project, tag_names)
            link_datasets(project, dataset_versions)
            record_version(project, snapshot, author=user, note="", cause=Version.Cause.CREATE)
            bring_forth(project)
    return project


def publish_official(
    project_id: int, *, slug: str, name_en: str = "", description_en: str = ""
) -> Project:
    """Make a project official and seen by all. For the platform itself (the
    content loader, an administrator), which asks no learner's permission.

    ``slug`` is the name it is known by in ``examples/``; two official projects
    can't share one (``Conflict``).
    """
    slug = clean_line(slug, field="slug", longest=80, required=True)
    try:
        with transaction.atomic():
            project = Project.objects.select_for_update().get(pk=project_id)
            project.slug = slug
            project.is_official = True
            project.visibility = Project.Visibility.SHARED
            project.name_en = clean_line(name_en, field="name_en", longest=100)
            project.description_en = clean_text(
                description_en, field="description_en", longest=5000
            )
            project.save()
            refresh_search(project)
    except IntegrityError:
        raise Conflict(
            "slug_taken", _("Another official project has this slug."), field="slug"
        ) from None
    return project
