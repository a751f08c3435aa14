"""Writing prediction services; one file a subject. Each checks who asks, then writes."""

from lyceum.serving.actions.deploying import (
    Deployed,
    bring_back,
    check_room,
    deploy_draft,
    promote,
)
from lyceum.serving.actions.drafts import create_draft, delete_draft, save_draft
from lyceum.serving.actions.inspecting import (
    begin_inspection,
    begin_trial,
    finish_inspection,
    finish_trial,
)
from lyceum.serving.actions.keys import NewKey, create_key, edit_key, revoke_key, rotate_key
from lyceum.serving.actions.running import (
    delete_service,
    edit_service,
    pause,
    stop,
    stop_services,
    wake,
)

__all__ = [
    "Deployed",
    "NewKey",
    "begin_inspection",
    "begin_trial",
    "bring_back",
    "check_room",
    "create_draft",
    "create_key",
    "delete_draft",
    "delete_service",
    "deploy_draft",
    "edit_key",
    "edit_service",
    "finish_inspection",
    "finish_trial",
    "pause",
    "promote",
    "revoke_key",
    "rotate_key",
    "save_draft",
    "stop",
    "stop_services",
    "wake",
]
