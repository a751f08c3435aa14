"""From a draft to a sandbox service, from that to the online one (guide, 第四步, 部署在线服务)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lyceum.accounts.models import User
from lyceum.common.errors import Conflict, DomainError
from lyceum.limits import limit
from lyceum.projects.models import Project
from lyceum.serving import bundles, probes
from lyceum.serving.actions._locks import lock_draft, lock_project, lock_service
from lyceum.serving.actions.inspecting import check_environment
from lyceum.serving.actions.keys import first_key
from lyceum.serving.checking import (
    check_converter,
    check_fields,
    check_inspection,
    check_model,
    check_name,
)
from lyceum.serving.models import Draft, Revision, Service
from lyceum.serving.queries import online_service, owned_draft, owned_service, sandbox_places
from lyceum.serving.spec import spec_of

Stage, State = Service.Stage, Service.State

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Deployed:
    """A service, and the key that was made with it (to be shown this once); empty for a
    service that has been there before."""

    service: Service
    plain_key: str = ""


def deploy_draft(user: User, draft_id: int) -> Deployed:
    """Make a sandbox service of a draft, which is used up (guide, 生成沙盒).

    The model's files are frozen as a revision; the dispatcher starts it. Raises
    ``NotFound``, ``DomainError`` about the field that is wrong (see
    :mod:`lyceum.serving.checking`; code ``files_changed`` when the files are not those
    that the inspection has loaded), ``Conflict`` when the project has as many sandbox
    services as it may (code ``sandbox_limit``) or they would hold too much (``no_space``),
    and ``Unavailable``.
    """
    draft = owned_draft(user, draft_id)
    check_room(draft.project)
    files = check_model(draft).files
    check_inspection(draft)
    inputs, outputs = check_fields(draft)
    converter = check_converter(draft)
    check_name(draft)
    check_environment(draft.project.environment)
    spec = spec_of(draft, inputs=inputs, outputs=outputs, converter=bool(converter))
    with bundles.staged(draft.project_id, files, spec=spec, converter=converter) as bundle:
        if bundle.digest != draft.inspection.get("seen"):
            sentence = _("The files have changed since the model was loaded. Load it again.")
            raise DomainError("files_changed", sentence, field="files")
        with transaction.atomic():
            project = lock_project(draft.project_id)
            # Locked and asked again: pressing the button twice must not make two.
            _check_same(draft)
            check_room(project)
            _check_space(project, bundle.size)
            revision = Revision.objects.create(
                project=project,
                environment=project.environment,
                spec=spec,
                files=draft.files,
                converter=converter,
                sample=draft.sample,
                size=bundle.size,
            )
            bundles.publish(bundle, revision.pk)
            deployed = _new_service(project, Stage.SANDBOX, draft.name, revision)
            draft.delete()
    probes.forget(draft.trial)
    return deployed


def promote(user: User, service_id: int) -> Deployed:
    """Put what a sandbox service serves online (guide, 正式部署): as the project's online
    service, or in place of what that serves, which goes on until the new one is ready.

    Raises ``NotFound`` and ``Conflict`` (it is no sandbox service, or it has not been
    running yet).
    """
    sandbox = owned_service(user, service_id)
    with transaction.atomic():
        project = lock_project(sandbox.project_id)
        sandbox = lock_service(service_id)
        _check_promotable(sandbox)
        online = online_service(project)
        if online is None:
            _check_online_room(project)
            return _new_service(project, Stage.ONLINE, sandbox.name, sandbox.revision)
        online = lock_service(online.pk)
        if online.revision_id != sandbox.revision_id or not online.is_serving:
            _switch(online, sandbox.revision)
    return Deployed(online)


def bring_back(user: User, service_id: int) -> Service:
    """Let the online service serve again what it served before; doing so twice changes
    nothing in the end.

    Raises ``NotFound`` and ``Conflict`` (there is nothing to bring back).
    """
    owned_service(user, service_id)
    with transaction.atomic():
        service = lock_service(service_id)
        if service.previous_revision is None:
            sentence = _("This service has not served anything else before.")
            raise Conflict("nothing_before", sentence)
        _switch(service, service.previous_revision)
    return service


def check_room(project: Project) -> None:
    """``Conflict`` (code ``sandbox_limit``) unless another sandbox service may be made."""
    places = sandbox_places(project)
    if not places.left:
        sentence = ngettext(
            "A project has at most %(most)d sandbox service. Delete it to make another.",
            "A project has at most %(most)d sandbox services. Delete one to make another.",
            places.most,
        )
        raise Conflict("sandbox_limit", sentence % {"most": places.most})


def _check_space(project: Project, size: int) -> None:
    """``Conflict`` where the project's revisions, those of deleted services that have not
    been purged yet included, would hold more than ``serving_project_mb``."""
    most = limit("serving_project_mb") * _MEGABYTE
    held = Revision.objects.filter(project=project).aggregate(size=Sum("size"))["size"] or 0
    if held + size > most:
        sentence = _(
            "The services of this project would hold more than %(most)s. Delete some; their "
            "space is free within two hours."
        )
        raise Conflict("no_space", sentence % {"most": filesizeformat(most)})


def _check_same(draft: Draft) -> None:
    current = lock_draft(draft.pk)
    if current.updated != draft.updated:
        sentence = _("The draft has been changed meanwhile. Look at it again.")
        raise Conflict("draft_changed", sentence)


def _check_promotable(service: Service) -> None:
    if service.stage != Stage.SANDBOX:
        sentence = _("Only a sandbox service can be put online.")
        raise Conflict("not_a_sandbox", sentence)
    if service.state == State.DEPLOYING:
        sentence = _("The service is just being deployed. Wait until it runs, and try it.")
        raise Conflict("service_deploying", sentence)
    if service.state == State.FAILED:
        sentence = _("The service does not run (see why). Only one that runs can be put online.")
        raise Conflict("service_failed", sentence)


def _check_online_room(project: Project) -> None:
    online = Service.objects.filter(project=project, stage=Stage.ONLINE, deleted=None)
    if online.count() >= limit("online_services_per_project"):
        sentence = _("This project can have no (other) online service.")
        raise Conflict("online_limit", sentence)


def _new_service(project: Project, stage: str, name: str, revision: Revision) -> Deployed:
    service = Service.objects.create(
        project=project,
        stage=stage,
        name=name,
        public_id=get_random_string(16),
        revision=revision,
        changed=timezone.now(),
    )
    return Deployed(service, first_key(service).plain)


def _switch(service: Service, revision: Revision) -> None:
    """Let ``service``, whose row is held, serve ``revision``; what it serves now becomes
    what can be brought back."""
    serving = service.active_revision or service.revision
    if serving != revision:
        service.previous_revision = serving
    elif service.revision != revision:  # it had not got round to the other one yet
        service.previous_revision = service.revision
    service.revision = revision
    service.state, service.reason, service.detail = State.DEPLOYING, "", ""
    service.changed = timezone.now()
    service.save()
