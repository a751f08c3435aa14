"""Writing projects; one file a subject. Each checks who asks, then writes at once."""

from lyceum.projects.actions._fields import clean_environment, refresh_search
from lyceum.projects.actions.dataset_use import (
    count_use,
    forget_dataset,
    recount_use,
    used_datasets,
)
from lyceum.projects.actions.datasets import add_dataset, remove_dataset, update_dataset
from lyceum.projects.actions.details import edit_project, set_cover, set_tags, set_visibility
from lyceum.projects.actions.forks import fork_project
from lyceum.projects.actions.lifecycle import create_project, publish_official
from lyceum.projects.actions.stars import star_project, unstar_project
from lyceum.projects.actions.tags import refresh_tag, translate_tags
from lyceum.projects.actions.trash import delete_project, purge_trash, restore_project
from lyceum.projects.actions.versions import restore_version, save_version

__all__ = [
    "add_dataset",
    "clean_environment",
    "count_use",
    "create_project",
    "delete_project",
    "edit_project",
    "forget_dataset",
    "fork_project",
    "publish_official",
    "purge_trash",
    "recount_use",
    "refresh_search",
    "refresh_tag",
    "remove_dataset",
    "restore_project",
    "restore_version",
    "save_version",
    "set_cover",
    "set_tags",
    "set_visibility",
    "star_project",
    "translate_tags",
    "unstar_project",
    "update_dataset",
    "used_datasets",
]
