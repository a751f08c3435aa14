"""Tasks: each is one run of a cluster project's version (guide, 集群项目 / 提交任务)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class TaskState(models.TextChoices):
    """Where a task is; a name of its own in the API's document."""

    QUEUED = "queued", _("Queued")
    STARTING = "starting", _("Starting")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    STOPPED = "stopped", _("Stopped")


class TaskQuerySet(models.QuerySet):
    """Lists of tasks."""

    def open(self) -> TaskQuerySet:
        """Those that are active or not put away yet: few, whatever the history."""
        return self.filter(archived=False)


class Task(models.Model):
    """One run of a cluster project's code; its id is the guide's 任务编号.

    ``cpus`` (cores) and ``memory_mb`` are of each member (each trainer, each parameter
    server); ``gpus`` of each trainer. ``datasets`` pins what it reads:
    ``[{"dataset_id", "version"}]``. ``attempt`` counts its starts: attempt ``n`` is the
    engine's run ``task-<id>-<n>`` (:func:`lyceum.tasks.folders.run_id`), so that a start
    which was interrupted is found again and not made twice. ``cpu_seconds`` is what all
    attempts were given; ``attempt_cpu_seconds`` the present one's part of it, so that what a
    run says it used is counted once. ``stage`` says why a queued task waits
    (`lyceum.tasks.scheduling.Wait`), ``progress`` (0 to 1) how far its environment is.
    ``archived``: the run folders are gone, their logs are in the task's own folder.
    """

    State = TaskState

    class Reason(models.TextChoices):
        """Why it ended as it did; the engine's reasons and two of our own."""

        EXIT = "exit", _("Exit code")
        SIGNAL = "signal", _("Signal")
        OUT_OF_MEMORY = "out_of_memory", _("Out of memory")
        TIME_LIMIT = "time_limit", _("Time limit")
        DISK_LIMIT = "disk_limit", _("Disk limit")
        PROCESS_LIMIT = "process_limit", _("Process limit")
        STOPPED = "stopped", _("Stopped by its owner")
        LOST = "lost", _("Its machine was lost")
        NOT_STARTED = "not_started", _("Could not be started")
        ENVIRONMENT = "environment", _("Environment not to be had")

    ACTIVE = (State.QUEUED, State.STARTING, State.RUNNING)
    IN_ENGINE = (State.STARTING, State.RUNNING)
    ENDED = (State.SUCCEEDED, State.FAILED, State.STOPPED)

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="tasks")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tasks", db_index=False
    )
    version = models.ForeignKey("projects.Version", on_delete=models.RESTRICT)
    note = models.CharField(_("note"), max_length=100, blank=True)
    main_file = models.CharField(_("main file"), max_length=1000)
    environment = models.CharField(_("environment"), max_length=40)
    trainers = models.PositiveSmallIntegerField(_("trainers"), default=1)
    pservers = models.PositiveSmallIntegerField(_("parameter servers"), default=0)
    cpus = models.PositiveSmallIntegerField(_("CPU cores"), default=1)
    memory_mb = models.PositiveIntegerField(_("memory in MB"))
    gpus = models.PositiveSmallIntegerField(_("GPUs"), default=0)
    time_limit_seconds = models.PositiveIntegerField(_("time limit in seconds"))
    datasets = models.JSONField(_("datasets"), default=list, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True)
    detail = models.TextField(_("detail"), blank=True)
    exit_code = models.SmallIntegerField(_("exit code"), null=True, blank=True)
    signal = models.PositiveSmallIntegerField(_("signal"), null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    stage = models.CharField(_("stage"), max_length=20, blank=True)
    progress = models.FloatField(_("progress of the stage"), default=0.0)
    submitted = models.DateTimeField(_("submitted"), auto_now_add=True)
    started = models.DateTimeField(_("started"), null=True, blank=True)
    ended = models.DateTimeField(_("ended"), null=True, blank=True)
    stop_requested = models.DateTimeField(_("stop requested"), null=True, blank=True)
    cpu_seconds = models.FloatField(_("CPU seconds"), default=0.0)
    attempt_cpu_seconds = models.FloatField(default=0.0, editable=False)
    peak_memory = models.PositiveBigIntegerField(_("most memory in bytes"), default=0)
    archived = models.BooleanField(default=False, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project", "-id"], name="task_project"),
            models.Index(fields=["user", "-id"], name="task_user"),
            # Of the open ones alone: few, however long the history. No condition on states:
            # SQLite takes no partial index for values that come as parameters.
            models.Index(fields=["id"], condition=Q(archived=False), name="task_open"),
            models.Index(
                fields=["user", "id"], condition=Q(archived=False), name="task_open_user"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.note}".strip()

    @property
    def members(self) -> int:
        """How many processes its gang has."""
        return self.trainers + self.pservers

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def is_stopping(self) -> bool:
        return self.is_active and self.stop_requested is not None


class CpuUse(models.Model):
    """CPU seconds that a user's tasks were given on one day (UTC), for quota and fairness."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="task_cpu_use"
    )
    day = models.DateField(_("day"))
    seconds = models.FloatField(_("CPU seconds"), default=0.0)

    class Meta:
        verbose_name = _("CPU use of tasks")
        verbose_name_plural = _("CPU use of tasks")
        constraints = [
            models.UniqueConstraint(fields=["user", "day"], name="one_cpu_use_a_user_and_day")
        ]
