"""Models, drafts and services for the tests of prediction services."""

from __future__ import annotations

from typing import Any

from lyceum.accounts.models import User
from lyceum.projects import workfolder
from lyceum.projects.models import Project
from lyceum.serving import actions, bundles
from lyceum.serving.fields import field
from lyceum.serving.models import Draft, Service

FOLDER = "fit_a_line.inference.model"
MAIN = f"{FOLDER}/__model__"
INPUTS = [field("CRIM"), field("ZN", default=0.5, required=False, minimum=-1, maximum=1)]
OUTPUTS = [field("predict", "array")]
TENSORS = [{"name": "x", "dtype": "float32", "shape": [-1, 2]}]
CONVERTER = "def reader_infer(data_args):\n\treturn [[[1.0, 2.0]]], None\n"


def write(project: Project, path: str, data: bytes = b"bytes of a model") -> None:
    workfolder.write_file(workfolder.home(project.pk), path, data)


def write_model(project: Project) -> None:
    """What ``save_inference_model`` leaves; its bytes are no model's. Once: it is a change
    to those who have loaded it."""
    if (workfolder.home(project.pk) / MAIN).exists():
        return
    for name in ("__model__", "fc_0.w_0", "fc_0.b_0"):
        write(project, f"{FOLDER}/{name}")


def make_draft(user: User, project: Project, **fields: Any) -> Draft:
    """A draft that is complete but for the inspection of its model."""
    write_model(project)
    draft = actions.create_draft(user, project.pk)
    said = {"files": [FOLDER], "inputs": INPUTS, "outputs": OUTPUTS, "converter": CONVERTER}
    return actions.save_draft(user, draft.pk, **{"name": "Houses", **said, **fields})


def inspect(draft: Draft, *, tensors: list[dict] | None = None) -> Draft:
    """As after an inspection that has loaded the model from the files as they are now."""
    files = bundles.model_files(draft.project_id, draft.files)
    with bundles.staged(draft.project_id, files, spec={}) as bundle:
        seen = bundle.digest
    found = TENSORS if tensors is None else tensors
    draft.inspection = {"state": "done", "seen": seen, "inputs": found, "outputs": []}
    draft.save()
    return draft


def ready_draft(user: User, project: Project, **fields: Any) -> Draft:
    """A draft that can be deployed."""
    return inspect(make_draft(user, project, **fields))


def make_service(
    user: User, project: Project, *, state: str = "running", **fields: Any
) -> Service:
    """A sandbox service in a state that the dispatcher would have brought it to."""
    service = actions.deploy_draft(user, ready_draft(user, project, **fields).pk).service
    return bring_to(service, state)


def bring_to(service: Service, state: str) -> Service:
    service.refresh_from_db()
    service.state = state
    service.active_revision = service.revision if state == "running" else None
    service.save()
    return service
