"""What the API of prediction services takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.urls import reverse
from ninja import Field, Schema
from pydantic import ConfigDict

from lyceum.serving import probes, queries
from lyceum.serving.actions import Deployed, NewKey
from lyceum.serving.models import ApiKey, Draft, ModelKind, Service

FieldType = Literal["float", "integer", "boolean", "string", "array", "object"]


class ServiceFieldOut(Schema):
    """A parameter of a service, or a part of its answer."""

    name: str
    type: FieldType
    required: bool
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    description: str = ""


class ServiceOut(Schema):
    """A prediction service."""

    id: int
    project_id: int
    stage: Literal["sandbox", "online"]
    name: str
    public_id: str
    state: Literal["deploying", "running", "paused", "stopped", "failed"]
    reason: str = Field(description="Why it is in this state, as a code; empty for none.")
    detail: str = Field(
        description="For people, for example the end of the log; while it is being deployed, "
        "how far the preparation of its environment is."
    )
    address: str = Field(description="Where it is called with POST, `?apiKey=` added.")
    page: str = Field(description="The address of its page.")
    environment: str
    kind: ModelKind
    inputs: list[ServiceFieldOut]
    outputs: list[ServiceFieldOut]
    revision: int
    active_revision: int | None = Field(description="What calls are sent to now.")
    previous_revision: int | None = Field(description="What can be brought back.")
    replicas_min: int
    replicas_max: int
    wake_on_call: bool
    redact_errors: bool
    created: datetime
    changed: datetime = Field(description="When it came into this state.")
    last_called: datetime | None
    pauses: datetime | None = Field(description="When it is paused unless it is called.")

    @staticmethod
    def resolve_address(service: Service) -> str:
        return queries.address(service)

    @staticmethod
    def resolve_page(service: Service) -> str:
        place = reverse("serving:service", args=[service.project_id, service.pk])
        return settings.LYCEUM.portal_url + place

    @staticmethod
    def resolve_environment(service: Service) -> str:
        return service.revision.environment

    @staticmethod
    def resolve_kind(service: Service) -> str:
        return service.revision.spec["kind"]

    @staticmethod
    def resolve_inputs(service: Service) -> list[dict[str, Any]]:
        return service.revision.spec["inputs"]

    @staticmethod
    def resolve_outputs(service: Service) -> list[dict[str, Any]]:
        return service.revision.spec["outputs"]

    @staticmethod
    def resolve_revision(service: Service) -> int:
        return service.revision_id

    @staticmethod
    def resolve_active_revision(service: Service) -> int | None:
        return service.active_revision_id

    @staticmethod
    def resolve_previous_revision(service: Service) -> int | None:
        return service.previous_revision_id

    @staticmethod
    def resolve_pauses(service: Service) -> datetime | None:
        return queries.pauses_at(service)


class TensorOut(Schema):
    """A model's own input or output; -1 is an axis of any length."""

    name: str
    dtype: str
    shape: list[int] | None = Field(description="Missing where the model does not say.")
    columns: list[str] = Field([], description="Of the table that it was fitted on.")


class ProbeOut(Schema):
    """A model being loaded or tried; ask again while it is `running`."""

    state: Literal["none", "running", "done", "failed"]
    inputs: list[TensorOut] = []
    outputs: list[TensorOut] = []
    output: Any = Field(None, description="What the trial's call answers.")
    prints: str = ""
    message: str = ""
    traceback: str = ""
    log: str = ""
    seconds: float | None = None


class ServiceDraftBriefOut(Schema):
    """A service being prepared, as a list shows it."""

    id: int
    project_id: int
    step: int
    name: str
    kind: str
    main_program: str
    created: datetime
    updated: datetime


class ServiceDraftOut(ServiceDraftBriefOut):
    """A service being prepared; inputs and outputs are as they were typed."""

    files: list[str]
    params_file: str
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    use_converter: bool
    converter: str
    sample: dict[str, Any]
    inspection: ProbeOut
    trial: ProbeOut

    @staticmethod
    def resolve_inspection(draft: Draft) -> dict[str, Any]:
        return _probe(draft.inspection)

    @staticmethod
    def resolve_trial(draft: Draft) -> dict[str, Any]:
        return _probe(draft.trial)


def _probe(probe: dict[str, Any]) -> dict[str, Any]:
    return {"state": "none", **probe, "message": probes.said(probe)}


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class ServiceDraftIn(_In):
    service_id: int | None = Field(
        None, ge=1, description="Begin with what this service of the project serves."
    )


class ServiceDraftPatch(_In):
    """What to keep; what is left out stays. It need not be complete."""

    step: int = Field(None, ge=1, le=4)
    name: str = Field(None, max_length=100)
    files: list[str] = Field(
        None, max_length=1000, description="Files or folders, relative to the work folder."
    )
    kind: ModelKind = None
    main_program: str = Field(None, max_length=1000)
    params_file: str = Field(None, max_length=1000)
    inputs: list[dict[str, Any]] = Field(None, max_length=200)
    outputs: list[dict[str, Any]] = Field(None, max_length=200)
    use_converter: bool = None
    converter: str = Field(None, max_length=200_000)
    sample: dict[str, Any] = None


class ServicePatch(_In):
    """What to change; what is left out stays."""

    name: str = Field(None, min_length=1, max_length=100)
    wake_on_call: bool = None
    redact_errors: bool = None
    replicas_min: int = Field(None, ge=1, le=100)
    replicas_max: int = Field(None, ge=1, le=100)


class TrialIn(_In):
    sample: dict[str, Any] | None = Field(
        None, description="Parameters; the draft's if not given."
    )


class DeployedOut(Schema):
    """A service, and its first key, which is told this once; no key for one that was there."""

    service: ServiceOut
    key: str | None

    @staticmethod
    def resolve_key(deployed: Deployed) -> str | None:
        return deployed.plain_key or None


class ServiceKeyIn(_In):
    name: str = Field(min_length=1, max_length=60)
    rate_per_minute: int | None = Field(None, ge=1, description="The most if not given.")


class ServiceKeyPatch(_In):
    rate_per_minute: int = Field(ge=1)


class ServiceKeyOut(Schema):
    id: int
    name: str
    prefix: str = Field(description="Its first characters.")
    rate_per_minute: int
    created: datetime
    expires: datetime | None
    last_used: datetime | None


class NewServiceKeyOut(ServiceKeyOut):
    """A new key; `key` is told this once."""

    key: str

    @classmethod
    def of(cls, new: NewKey) -> NewServiceKeyOut:
        known: ApiKey = new.key
        fields = {name: getattr(known, name) for name in ServiceKeyOut.model_fields}
        return cls(**fields, key=new.plain)


class MinuteOut(Schema):
    """Calls of one minute; times in milliseconds."""

    minute: int = Field(description="Its first second since the epoch.")
    calls: int
    errors: int
    p50: float | None
    p95: float | None
    p99: float | None


class FailedCallOut(Schema):
    """A call that failed."""

    at: float = Field(description="Seconds since the epoch.")
    status: int
    code: str
    message: str
    field: str | None
    input: str | None = Field(description="The body, its first 10 kB; missing if not kept.")
    traceback: str


class TestCallOut(Schema):
    """What a call of the owner's got; the rest is what callers don't see."""

    __test__ = False  # no test class, whatever pytest makes of its name

    status: int
    body: Any
    milliseconds: float
    bytes: int
    prints: str
    message: str
    traceback: str
