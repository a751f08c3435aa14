"""Prediction services: what is prepared, what is frozen, what runs (guide, 在线部署及预测)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

_ALIVE = Q(deleted__isnull=True)


class ModelKind(models.TextChoices):
    """How a model is loaded; the worker has a loader for each."""

    FLUID = "fluid", _("Paddle Fluid")
    PADDLE = "paddle", _("PaddlePaddle")
    ONNX = "onnx", _("ONNX")
    TORCHSCRIPT = "torchscript", _("TorchScript")
    SKLEARN = "sklearn", _("scikit-learn (skops)")


class Draft(models.Model):
    """A service that its owner is still preparing, at one of the wizard's four steps.

    ``files`` are paths (files or folders), ``main_program`` and ``params_file`` one path
    each, all relative to the project's work folder. ``inputs`` and ``outputs`` are lists
    of fields (see :mod:`lyceum.serving.fields`), kept as they were typed, so perhaps not
    valid yet. ``inspection`` and ``trial`` are ``{}`` or have ``state`` (``running``,
    ``done``, ``failed``), ``run_id`` and what the run found: ``inputs``, ``outputs``
    (the model's own: ``name``, ``dtype``, ``shape``) or ``output``, ``prints``,
    ``seconds``; ``message`` and ``traceback`` when it failed.
    """

    STEPS = (1, 2, 3, 4)

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="service_drafts"
    )
    name = models.CharField(_("name"), max_length=100, blank=True)
    step = models.PositiveSmallIntegerField(_("step"), default=1)
    files = models.JSONField(_("model files"), default=list, blank=True)
    kind = models.CharField(_("kind of model"), max_length=12, choices=ModelKind, blank=True)
    main_program = models.CharField(_("main program"), max_length=1000, blank=True)
    params_file = models.CharField(_("parameters file"), max_length=1000, blank=True)
    inspection = models.JSONField(default=dict, blank=True)
    inputs = models.JSONField(_("inputs"), default=list, blank=True)
    outputs = models.JSONField(_("outputs"), default=list, blank=True)
    use_converter = models.BooleanField(_("with a converter"), default=True)
    converter = models.TextField(_("converter"), blank=True)
    sample = models.JSONField(_("sample request"), default=dict, blank=True)
    trial = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("draft of a prediction service")
        verbose_name_plural = _("drafts of prediction services")
        ordering = ["-updated", "-id"]

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"


class Revision(models.Model):
    """What a service serves, frozen: the folder ``<home>/services/<id>/`` and this row.

    ``spec`` is the folder's ``service.json``. ``size`` is in bytes. ``files`` (paths in the
    work folder they came from), ``converter`` (empty without one) and ``sample`` are what a
    new draft can begin with.
    """

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="service_revisions"
    )
    environment = models.CharField(_("environment"), max_length=40)
    spec = models.JSONField()
    files = models.JSONField(_("model files"), default=list)
    converter = models.TextField(_("converter"), blank=True)
    sample = models.JSONField(_("sample request"), default=dict, blank=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), default=0)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")

    def __str__(self) -> str:
        return f"#{self.pk}"


class Service(models.Model):
    """A prediction service; the row is the wanted state, the dispatcher carries it out.

    ``revision`` is what it shall serve, ``active_revision`` what calls are sent to now,
    ``previous_revision`` what it served before and can be brought back to. ``reason`` and
    ``detail`` (for people, for example the last lines of the log) say how it came to
    ``state``, whose moment is ``changed``. While it is being deployed ``detail`` is how far
    the build of its environment is, empty where that is there.
    """

    class Stage(models.TextChoices):
        SANDBOX = "sandbox", _("Sandbox")
        ONLINE = "online", _("Online")

    class State(models.TextChoices):
        DEPLOYING = "deploying", _("Deploying")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")

    class Reason(models.TextChoices):
        ASKED = "asked", _("Asked for by you")
        IDLE = "idle", _("Paused because nobody called it")
        DELETED = "deleted", _("Stopped because the project was deleted")
        ENVIRONMENT = "environment", _("The environment could not be prepared")
        LOAD = "load_failed", _("The model or the converter could not be loaded")
        KEPT_OLD = "kept_old", _("The new revision did not start; the old one still serves")
        CRASHES = "crashes", _("The service ended again and again")
        MEMORY = "out_of_memory", _("The service used more memory than it may")
        DISK = "disk_limit", _("The service wrote more than it may")
        PROCESSES = "process_limit", _("The service started more processes than it may")
        TIME = "time_limit", _("The service did not get ready in time")
        EXIT = "exit", _("The service ended by itself")
        SIGNAL = "signal", _("The service was killed")
        NOT_STARTED = "not_started", _("The service could not be started")
        LOST = "lost", _("The service disappeared")

    SERVING = (State.DEPLOYING, State.RUNNING)

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="services"
    )
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, default=Stage.SANDBOX)
    name = models.CharField(_("name"), max_length=100)
    public_id = models.CharField(_("public id"), max_length=16, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DEPLOYING)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True)
    detail = models.TextField(_("detail"), blank=True)
    # RESTRICT, not PROTECT: a purged project takes its services and revisions along.
    revision = models.ForeignKey(
        Revision, on_delete=models.RESTRICT, related_name="services", verbose_name=_("revision")
    )
    active_revision = models.ForeignKey(
        Revision, on_delete=models.RESTRICT, null=True, blank=True, related_name="+",
        verbose_name=_("active revision"),
    )  # fmt: skip
    previous_revision = models.ForeignKey(
        Revision, on_delete=models.RESTRICT, null=True, blank=True, related_name="+",
        verbose_name=_("previous revision"),
    )  # fmt: skip
    replicas_min = models.PositiveSmallIntegerField(_("replicas at least"), default=1)
    replicas_max = models.PositiveSmallIntegerField(_("replicas at most"), default=1)
    wake_on_call = models.BooleanField(_("woken by a call"), default=False)
    redact_errors = models.BooleanField(_("keep no inputs of errors"), default=False)
    changed = models.DateTimeField(_("state changed"))
    last_called = models.DateTimeField(_("last called"), null=True, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    deleted = models.DateTimeField(_("deleted"), null=True, blank=True)

    class Meta:
        verbose_name = _("prediction service")
        verbose_name_plural = _("prediction services")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["project", "stage"], condition=_ALIVE, name="service_alive"),
            models.Index(fields=["state"], condition=_ALIVE, name="service_state"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=_ALIVE & Q(stage="online"),
                name="one_online_service_a_project",
            ),
            models.CheckConstraint(
                condition=Q(replicas_min__gte=1, replicas_max__gte=models.F("replicas_min")),
                name="service_replicas_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """Its part of the address: ``sandbox/<public id>`` or ``online/<public id>``."""
        return f"{self.stage}/{self.public_id}"

    @property
    def is_serving(self) -> bool:
        """Whether it runs or is being started."""
        return self.state in self.SERVING


class ApiKey(models.Model):
    """A key that a service is called with; only its SHA-256 is kept.

    ``prefix`` are the first characters, to tell keys apart. ``expires`` is set when the
    key has been rotated: until then both the old and the new one work.
    """

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(_("name"), max_length=60)
    prefix = models.CharField(_("begins with"), max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    rate_per_minute = models.PositiveIntegerField(_("calls a minute"))
    created = models.DateTimeField(_("created"), auto_now_add=True)
    expires = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Replica(models.Model):
    """One sandbox that serves ``revision`` for ``service``; written by the dispatcher.

    ``uid`` names its folder below ``<home>/gateway/replicas/`` and is what its worker says
    to the gateway. ``run_id`` is the engine's, empty before the run has started.
    """

    class State(models.TextChoices):
        STARTING = "starting", _("Starting")
        READY = "ready", _("Ready")
        STOPPING = "stopping", _("Stopping")

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="replicas")
    revision = models.ForeignKey(Revision, on_delete=models.RESTRICT, related_name="replicas")
    uid = models.CharField(max_length=32, unique=True)
    run_id = models.CharField(_("run"), max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.STARTING)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)

    class Meta:
        verbose_name = _("replica")
        verbose_name_plural = _("replicas")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.uid
