from typing import Any

from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "lyceum.portal"
    label = "portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        # Django sends this signal for apps with models only, which this one is not.
        post_migrate.connect(_create_cache_table, sender=apps.get_app_config("sessions"))


def _create_cache_table(*, using: str, **_signal: Any) -> None:
    """The table behind ``settings.CACHES``; nothing happens when it is there."""
    call_command("createcachetable", database=using, verbosity=0)
