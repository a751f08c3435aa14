"""``<home>/gateway/routes.json``: what the gateway is to know, made from the database.

The dispatcher alone writes it, whole, so that the gateway reads the old or the new one.
``version`` grows by one each time anything in it has changed.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from django.utils import timezone

from lyceum.config import settings
from lyceum.limits import limit
from lyceum.serving.models import ApiKey, Replica, Revision, Service
from lyceum.serving.rows import Rows, Watch
from lyceum.serving.workloads import replica_folder

log = logging.getLogger(__name__)

_MEGABYTE = 1024 * 1024


class Routes:
    """The routing table on disk, and the version it has."""

    def __init__(self) -> None:
        self.version, self._written = _read()
        self._watch = Watch()
        self._published: Rows | None = None

    def publish(self) -> Rows:
        """Write the table if it says anything new; the rows that it says.

        Where it can't be written that is tried again the next time.
        """
        rows = self._watch.read()
        if rows is not self._published:
            try:
                self._write(services_table(rows))
                self._published = rows
            except OSError:
                log.exception("the routing table could not be written")
        return rows

    def _write(self, table: list[dict[str, Any]]) -> None:
        if table != self._written:
            _write({"version": self.version + 1, "services": table})
            self.version, self._written = self.version + 1, table


def path() -> Path:
    """Where the gateway reads the routing table."""
    return settings().root / "gateway" / "routes.json"


def services_table(rows: Rows) -> list[dict[str, Any]]:
    """A route for each service that is not deleted; keys as digests."""
    now = timezone.now()
    return [
        _route(
            service,
            [key for key in rows.keys.get(service.pk, ()) if not key.expires or key.expires > now],
            [one for one in rows.replicas.get(service.pk, ()) if _is_there(one, rows)],
        )
        for service in rows.services
        if not (service.deleted or service.project.deleted) and service.project.owner.is_active
    ]


def _is_there(replica: Replica, rows: Rows) -> bool:
    return replica.state != Replica.State.STOPPING and replica.uid in rows.folders


def _route(service: Service, keys: list[ApiKey], replicas: list[Replica]) -> dict[str, Any]:
    spec = _spec(service.active_revision or service.revision)
    return {
        "service": service.pk,
        "path": service.path,
        "name": service.name,
        "description": service.project.description,
        "state": service.state,
        "reason": service.reason,
        "wake": service.wake_on_call,
        "redact": service.redact_errors,
        "active_revision": service.active_revision_id,
        "inputs": spec.get("inputs", []),
        "outputs": spec.get("outputs", []),
        "keys": [
            {
                "id": key.pk,
                "digest": key.digest,
                "rate_per_minute": key.rate_per_minute,
                "expires": key.expires.timestamp() if key.expires else None,
            }
            for key in keys
        ],
        "limits": {
            "body_bytes": limit("serving_body_mb") * _MEGABYTE,
            "timeout_seconds": spec.get("timeout_seconds") or limit("serving_timeout_seconds"),
            "queue": limit("serving_queue"),
        },
        "batch": bool(spec.get("batch", True)),
        "replicas": [
            {
                "id": replica.uid,
                "revision": replica.revision_id,
                "folder": str(replica_folder(replica.uid)),
            }
            for replica in replicas
        ],
    }


def _spec(revision: Revision) -> dict[str, Any]:
    return revision.spec if isinstance(revision.spec, dict) else {}


def _read() -> tuple[int, list[dict[str, Any]] | None]:
    """The table that an earlier dispatcher wrote; version 0 where there is none."""
    try:
        told = json.loads(path().read_text())
        return int(told["version"]), list(told["services"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, None


def _write(table: dict[str, Any]) -> None:
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    fresh = target.with_name(f"{target.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(table, file, ensure_ascii=False, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(target)
