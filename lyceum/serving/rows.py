"""All that the database wants of services: read anew only where something has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from lyceum.serving.models import ApiKey, Replica, Service
from lyceum.serving.workloads import replicas_folder


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Services with what hangs on them, by their primary keys.

    ``services`` are those that are not deleted, and deleted ones of which something is
    left; ``folders`` the uids of replicas whose folder is there for the gateway to listen
    in; ``keys`` those that have not been revoked.
    """

    services: Sequence[Service]
    replicas: Mapping[int, list[Replica]]
    keys: Mapping[int, list[ApiKey]]
    folders: frozenset[str]


def read_rows() -> Rows:
    """All of it as it is now."""
    own = Replica.objects.filter(service=OuterRef("pk"))
    services = Service.objects.select_related(
        "project__owner", "revision", "active_revision"
    ).annotate(has_replicas=Exists(own))
    replicas = defaultdict(list)
    for replica in Replica.objects.select_related("revision").order_by("pk"):
        replicas[replica.service_id].append(replica)
    keys = defaultdict(list)
    for key in ApiKey.objects.filter(revoked=None).order_by("pk"):
        keys[key.service_id].append(key)
    uids = (replica.uid for each in replicas.values() for replica in each)
    return Rows(
        list(services.filter(Q(deleted=None) | Q(has_replicas=True)).order_by("pk")),
        replicas,
        keys,
        _with_folder(uids),
    )


class Watch:
    """``read`` gives the same object for as long as nothing in it has changed.

    To see that, a look fetches bare columns by statements that are made once: building
    Django's queries and objects every second would cost calls their processor.
    """

    def __init__(self) -> None:
        self._statements: list[tuple[str, Any]] | None = None
        self._seen: object = None
        self._rows: Rows | None = None

    def read(self) -> Rows:
        """What the database says now. Of two threads one at a time may ask."""
        # Looked at before the rows: what changes in between is seen at the next look.
        seen = self._look()
        if self._rows is None or seen != self._seen:
            self._rows, self._seen = read_rows(), seen
        return self._rows

    def _look(self) -> object:
        self._statements = self._statements or [
            each.query.sql_with_params() for each in _columns()
        ]
        found = []
        with connection.cursor() as cursor:
            for sql, parameters in self._statements:
                cursor.execute(sql, parameters)
                found.append(cursor.fetchall())
        return found, _with_folder(uid for uid, *_ in found[0])


def _columns() -> list[QuerySet[Any, Any]]:
    """All that `Rows` are made of but what never changes; replicas' uids come first."""
    of_services = [field.attname for field in Service._meta.concrete_fields]
    of_projects = ("project__deleted", "project__description", "project__owner__is_active")
    return [
        Replica.objects.order_by("pk").values_list("uid", "state", "run_id", "revision_id"),
        Service.objects.order_by("pk").values_list(*of_services, *of_projects),
        # When a key was used last is noted all the time and no one here needs it.
        ApiKey.objects.filter(revoked=None)
        .order_by("pk")
        .values_list("pk", "service_id", "digest", "rate_per_minute", "expires"),
    ]


def _with_folder(uids: Iterable[str]) -> frozenset[str]:
    folder = replicas_folder()
    return frozenset(uid for uid in uids if (folder / uid).is_dir())
