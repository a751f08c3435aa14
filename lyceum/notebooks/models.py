"""Notebook servers: which project runs now, for whom, since when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class NotebookServer(models.Model):
    """The one notebook server a project may have; JupyterHub's named server
    ``<user id>/<project id>`` is its counterpart and the dispatcher keeps the
    two in step."""

    class State(models.TextChoices):
        STARTING = "starting", _("Starting")
        RUNNING = "running", _("Running")
        STOPPING = "stopping", _("Stopping")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")

    project = models.OneToOneField(
        "projects.Project", on_delete=models.CASCADE, related_name="notebook_server"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notebook_servers"
    )
    state = models.CharField(max_length=10, choices=State, default=State.STOPPED)
    run_id = models.CharField(max_length=64, blank=True)
    token_hash = models.CharField(max_length=64, blank=True)
    message = models.TextField(blank=True)
    requested = models.DateTimeField(null=True, blank=True)
    started = models.DateTimeField(null=True, blank=True)
    last_activity = models.DateTimeField(null=True, blank=True)
    warned = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "state"])]
