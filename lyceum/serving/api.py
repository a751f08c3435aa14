"""``/api/v1/services`` and ``/api/v1/service-drafts``: what the pages do, for programs."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from lyceum.accounts.auth import SIGNED_IN
from lyceum.common.problems import ProblemOut
from lyceum.serving import actions, queries
from lyceum.serving import schemas as s

_REFUSED = {
    400: ProblemOut, 401: ProblemOut, 403: ProblemOut, 404: ProblemOut, 409: ProblemOut,
    413: ProblemOut, 503: ProblemOut,
}  # fmt: skip
_PROJECT = "/projects/{int:project_id}"
_DRAFT = "/service-drafts/{int:draft_id}"
_SERVICE = "/services/{int:service_id}"
_KEY = _SERVICE + "/keys/{int:key_id}"
_ANY_JSON = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}
router = Router(tags=["services"], auth=SIGNED_IN)


@router.get(
    _PROJECT + "/services", response={200: list[s.ServiceOut], **_REFUSED},
    operation_id="list_services", summary="A project's prediction services",
)  # fmt: skip
def list_services(request: HttpRequest, project_id: int):
    """The online service first."""
    return queries.services_of(request.user, project_id)


@router.get(
    _PROJECT + "/service-drafts", response={200: list[s.ServiceDraftBriefOut], **_REFUSED},
    operation_id="list_service_drafts", summary="A project's drafts of services",
)  # fmt: skip
def list_drafts(request: HttpRequest, project_id: int):
    return queries.drafts_of(request.user, project_id)


@router.post(
    _PROJECT + "/service-drafts", response={201: s.ServiceDraftOut, **_REFUSED},
    operation_id="create_service_draft", summary="Begin a service",
)  # fmt: skip
def create_draft(request: HttpRequest, project_id: int, body: s.ServiceDraftIn):
    draft = actions.create_draft(request.user, project_id, service_id=body.service_id)
    return Status(201, draft)


@router.get(
    _DRAFT, response={200: s.ServiceDraftOut, **_REFUSED},
    operation_id="get_service_draft", summary="A draft",
)  # fmt: skip
def get_draft(request: HttpRequest, draft_id: int):
    return queries.owned_draft(request.user, draft_id)


@router.patch(
    _DRAFT, response={200: s.ServiceDraftOut, **_REFUSED},
    operation_id="save_service_draft", summary="Keep what is said of a service",
)  # fmt: skip
def save_draft(request: HttpRequest, draft_id: int, body: s.ServiceDraftPatch):
    """Other files are recognised: main program, kind, parameters, unless you say them."""
    return actions.save_draft(request.user, draft_id, **body.dict(exclude_unset=True))


@router.delete(
    _DRAFT, response={204: None, **_REFUSED},
    operation_id="delete_service_draft", summary="Give a draft up",
)  # fmt: skip
def delete_draft(request: HttpRequest, draft_id: int):
    actions.delete_draft(request.user, draft_id)
    return Status(204, None)


@router.post(
    _DRAFT + "/inspection", response={202: s.ServiceDraftOut, **_REFUSED},
    operation_id="begin_service_inspection", summary="Load the model",
)  # fmt: skip
def begin_inspection(request: HttpRequest, draft_id: int):
    """Ask for it until its state is no longer `running`."""
    return Status(202, actions.begin_inspection(request.user, draft_id))


@router.get(
    _DRAFT + "/inspection", response={200: s.ServiceDraftOut, **_REFUSED},
    operation_id="get_service_inspection", summary="What loading the model has told",
)  # fmt: skip
def get_inspection(request: HttpRequest, draft_id: int):
    return actions.finish_inspection(request.user, draft_id)


@router.post(
    _DRAFT + "/trial", response={202: s.ServiceDraftOut, **_REFUSED},
    operation_id="begin_service_trial", summary="Try converter and model on a sample",
)  # fmt: skip
def begin_trial(request: HttpRequest, draft_id: int, body: s.TrialIn):
    """Ask for it until its state is no longer `running`."""
    return Status(202, actions.begin_trial(request.user, draft_id, sample=body.sample))


@router.get(
    _DRAFT + "/trial", response={200: s.ServiceDraftOut, **_REFUSED},
    operation_id="get_service_trial", summary="What came of the trial",
)  # fmt: skip
def get_trial(request: HttpRequest, draft_id: int):
    return actions.finish_trial(request.user, draft_id)


@router.post(
    _DRAFT + "/deployment", response={201: s.DeployedOut, **_REFUSED},
    operation_id="deploy_service_draft", summary="Make a sandbox service",
)  # fmt: skip
def deploy_draft(request: HttpRequest, draft_id: int):
    """The draft is used up. 409 with code `sandbox_limit` when the project has its five."""
    return Status(201, actions.deploy_draft(request.user, draft_id))


@router.get(
    _SERVICE, response={200: s.ServiceOut, **_REFUSED},
    operation_id="get_service", summary="A service",
)  # fmt: skip
def get_service(request: HttpRequest, service_id: int):
    return queries.owned_service(request.user, service_id)


@router.patch(
    _SERVICE, response={200: s.ServiceOut, **_REFUSED},
    operation_id="edit_service", summary="Change a service's settings",
)  # fmt: skip
def edit_service(request: HttpRequest, service_id: int, body: s.ServicePatch):
    return actions.edit_service(request.user, service_id, **body.dict(exclude_unset=True))


@router.delete(
    _SERVICE, response={204: None, **_REFUSED},
    operation_id="delete_service", summary="Delete a service",
)  # fmt: skip
def delete_service(request: HttpRequest, service_id: int):
    """For good: its address answers no more."""
    actions.delete_service(request.user, service_id)
    return Status(204, None)


@router.post(
    _SERVICE + "/promotion", response={200: s.DeployedOut, **_REFUSED},
    operation_id="promote_service", summary="Put a sandbox service online",
)  # fmt: skip
def promote(request: HttpRequest, service_id: int):
    """What the online service serves goes on until the new one is ready."""
    return actions.promote(request.user, service_id)


@router.post(
    _SERVICE + "/bringing-back", response={200: s.ServiceOut, **_REFUSED},
    operation_id="bring_back_service", summary="Serve again what was served before",
)  # fmt: skip
def bring_back(request: HttpRequest, service_id: int):
    return actions.bring_back(request.user, service_id)


@router.post(
    _SERVICE + "/wake", response={200: s.ServiceOut, **_REFUSED},
    operation_id="wake_service", summary="Let a service run",
)  # fmt: skip
def wake(request: HttpRequest, service_id: int):
    return actions.wake(request.user, service_id)


@router.post(
    _SERVICE + "/pause", response={200: s.ServiceOut, **_REFUSED},
    operation_id="pause_service", summary="Pause a service",
)  # fmt: skip
def pause(request: HttpRequest, service_id: int):
    """A call may wake it, if it is set so."""
    return actions.pause(request.user, service_id)


@router.post(
    _SERVICE + "/stop", response={200: s.ServiceOut, **_REFUSED},
    operation_id="stop_service", summary="Stop a service",
)  # fmt: skip
def stop(request: HttpRequest, service_id: int):
    """No call wakes it."""
    return actions.stop(request.user, service_id)


@router.get(
    _SERVICE + "/keys", response={200: list[s.ServiceKeyOut], **_REFUSED},
    operation_id="list_service_keys", summary="A service's keys",
)  # fmt: skip
def list_keys(request: HttpRequest, service_id: int):
    return queries.keys_of(queries.owned_service(request.user, service_id))


@router.post(
    _SERVICE + "/keys", response={201: s.NewServiceKeyOut, **_REFUSED},
    operation_id="create_service_key", summary="Make a key",
)  # fmt: skip
def create_key(request: HttpRequest, service_id: int, body: s.ServiceKeyIn):
    new = actions.create_key(request.user, service_id, **body.dict())
    return Status(201, s.NewServiceKeyOut.of(new))


@router.post(
    _KEY + "/rotation", response={201: s.NewServiceKeyOut, **_REFUSED},
    operation_id="rotate_service_key", summary="Replace a key",
)  # fmt: skip
def rotate_key(request: HttpRequest, service_id: int, key_id: int):
    """The old one works on for a while, see its `expires`."""
    new = actions.rotate_key(request.user, service_id, key_id)
    return Status(201, s.NewServiceKeyOut.of(new))


@router.patch(
    _KEY,
    response={200: s.ServiceKeyOut, **_REFUSED},
    operation_id="edit_service_key",
    summary="Change a key's rate",
)
def edit_key(request: HttpRequest, service_id: int, key_id: int, body: s.ServiceKeyPatch):
    return actions.edit_key(request.user, service_id, key_id, rate_per_minute=body.rate_per_minute)


@router.delete(
    _KEY, response={204: None, **_REFUSED},
    operation_id="revoke_service_key", summary="Make a key worthless",
)  # fmt: skip
def revoke_key(request: HttpRequest, service_id: int, key_id: int):
    actions.revoke_key(request.user, service_id, key_id)
    return Status(204, None)


@router.get(
    _SERVICE + "/metrics", response={200: list[s.MinuteOut], **_REFUSED},
    operation_id="get_service_metrics", summary="Calls, errors and times a minute",
)  # fmt: skip
def get_metrics(
    request: HttpRequest,
    service_id: int,
    minutes: int = Query(60, ge=1, le=1440, description="So many of the last minutes."),
):
    return queries.metrics_of(request.user, service_id, minutes=minutes)


@router.get(
    _SERVICE + "/errors", response={200: list[s.FailedCallOut], **_REFUSED},
    operation_id="get_service_errors", summary="The last calls that failed",
)  # fmt: skip
def get_errors(request: HttpRequest, service_id: int):
    return queries.errors_of(request.user, service_id)


@router.post(
    _SERVICE + "/call", response={200: s.TestCallOut, **_REFUSED}, openapi_extra=_ANY_JSON,
    operation_id="call_service", summary="Call a service as its owner",
)  # fmt: skip
def call(request: HttpRequest, service_id: int):
    """The body is the service's own, as a caller with a key would send it; the answer has
    the converter's prints and traceback besides."""
    return queries.call_service(request.user, service_id, request.body)
