"""Reading prediction services; one file a subject. Every query starts from who asks."""

from lyceum.serving.queries.access import (
    key_of,
    notebook_project,
    owned_draft,
    owned_service,
    owned_services,
)
from lyceum.serving.queries.live import call_service, errors_of, metrics_of
from lyceum.serving.queries.shown import (
    Places,
    address,
    drafts_of,
    idle_time,
    keys_of,
    online_service,
    pauses_at,
    sandbox_places,
    services_of,
)

__all__ = [
    "Places",
    "address",
    "call_service",
    "drafts_of",
    "errors_of",
    "idle_time",
    "key_of",
    "keys_of",
    "metrics_of",
    "notebook_project",
    "online_service",
    "owned_draft",
    "owned_service",
    "owned_services",
    "pauses_at",
    "sandbox_places",
    "services_of",
]
