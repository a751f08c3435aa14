"""Notebook servers: which project runs now, for whom, since when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class NotebookServer(models.Model):
    """The one notebook server a project may have; JupyterHub's named server
    ``<user id>/<project id>`` is its counterpart and the dispatcher keeps the
    two in step.

    The row is the wanted state: it is written first, and whoever finds it
    (the request that wrote it, or the dispatcher after a crash) carries it out.
    ``attempt`` counts the starts; a step meant for one attempt never touches
    the next (see :mod:`lyceum.notebooks.lifecycle`).
    """

    class State(models.TextChoices):
        STARTING = "starting", _("Starting")
        RUNNING = "running", _("Running")
        STOPPING = "stopping", _("Stopping")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")

    class Stage(models.TextChoices):
        """What a starting server waits for."""

        BUILDING = "building", _("Preparing the environment")
        LAUNCHING = "launching", _("Starting the notebook server")

    class Reason(models.TextChoices):
        """Why a server ended; the first four are no failures."""

        ASKED = "asked", _("Stopped by you")
        IDLE = "idle", _("Stopped after being idle")
        HUB = "hub", _("Stopped through JupyterHub")
        DELETED = "deleted", _("Stopped because the project was deleted")
        BUILD = "build", _("The environment could not be prepared")
        SPAWN = "spawn", _("The notebook server did not start")
        HUB_DOWN = "hub_down", _("The notebook service did not answer")
        MEMORY = "out_of_memory", _("The project used more memory than it may")
        EXIT = "exit", _("The notebook server ended by itself")
        SIGNAL = "signal", _("The notebook server was killed")
        LOST = "lost", _("The notebook server disappeared")

    ACTIVE = (State.STARTING, State.RUNNING, State.STOPPING)
    PEACEFUL = (Reason.ASKED, Reason.IDLE, Reason.HUB, Reason.DELETED)

    project = models.OneToOneField(
        "projects.Project", on_delete=models.CASCADE, related_name="notebook_server"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notebook_servers"
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.STOPPED)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, blank=True)
    reason = models.CharField(_("reason"), max_length=15, choices=Reason, blank=True)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    progress = models.PositiveSmallIntegerField(_("progress in percent"), default=0)
    run_id = models.CharField(_("run"), max_length=64, blank=True)
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    message = models.TextField(_("message"), blank=True)
    restart = models.BooleanField(_("starts again once it has stopped"), default=False)
    saved_version = models.PositiveIntegerField(_("version saved at the end"), null=True)
    requested = models.DateTimeField(_("requested"), null=True, blank=True)
    launched = models.DateTimeField(_("accepted by JupyterHub"), null=True, blank=True)
    started = models.DateTimeField(_("started"), null=True, blank=True)
    last_activity = models.DateTimeField(_("last activity"), null=True, blank=True)
    warned = models.DateTimeField(_("warned"), null=True, blank=True)
    ended = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("notebook server")
        verbose_name_plural = _("notebook servers")
        indexes = (models.Index(fields=["user", "state"]), models.Index(fields=["state"]))

    def __str__(self) -> str:
        return f"{self.user_id}/{self.project_id}"

    @property
    def active(self) -> bool:
        """Whether it counts as one of the learner's running projects."""
        return self.state in self.ACTIVE
