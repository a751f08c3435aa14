"""The sandbox of a service's replica: what is mounted, what may be used."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from lyceum import environments, runtime
from lyceum.config import settings
from lyceum.engine import local_engine
from lyceum.engine.base import Status
from lyceum.engine.workload import Limits, Mount, Workload
from lyceum.limits import limit
from lyceum.serving.bundles import revision_folder
from lyceum.serving.models import Replica, Revision

KIND = "service"
"""The label ``kind`` of a replica's run; ``service`` and ``replica`` say whose it is."""

_PREDICTOR = PurePosixPath("/opt/lyceum/predictor")
PROGRAM = _PREDICTOR / "__main__.py"
BUNDLE = PurePosixPath("/serving/bundle")
GATEWAY = PurePosixPath("/serving/gateway")

_MEGABYTE = 1024 * 1024
_LOG_BYTES = 10 * _MEGABYTE
_OPEN_FILES = 1024


def replica_folder(uid: str) -> Path:
    """The folder in which the gateway listens for a replica's worker."""
    return replicas_folder() / uid


def replicas_folder() -> Path:
    """Where the replicas' folders are."""
    return settings().root / "gateway" / "replicas"


def replica_workload(replica: Replica) -> Workload:
    """The sandbox in which ``replica`` serves its revision: the predictor, no network.

    Raises ``FileNotFoundError`` while the revision's environment is not built.
    """
    revision = replica.revision
    environment = revision.environment
    return Workload(
        argv=(str(environments.python(environment)), "-B", str(PROGRAM), "serve"),
        name=f"service {replica.service_id}",
        cwd=BUNDLE,
        env={
            **environments.kernel_environment(environment),
            **_threads(revision),
            # Without a sandbox (LYCEUM_SANDBOX=off) the engine puts the host's paths here.
            "LYCEUM_SERVING_BUNDLE": str(BUNDLE),
            "LYCEUM_SERVING_GATEWAY": str(GATEWAY),
            "LYCEUM_REPLICA": replica.uid,
            "PYTHONUNBUFFERED": "1",
        },
        mounts=(
            Mount(revision_folder(revision.pk), BUNDLE),
            Mount(replica_folder(replica.uid), GATEWAY),
            Mount(Path(runtime.__file__).parent / "predictor", _PREDICTOR),
            *environments.mounts(environment),
        ),
        limits=Limits(
            cpus=limit("serving_cpus"),
            memory_bytes=limit("serving_memory_mb") * _MEGABYTE,
            processes=limit("serving_processes"),
            open_files=_OPEN_FILES,
            disk_bytes=limit("serving_disk_mb") * _MEGABYTE,
            log_bytes=_LOG_BYTES,
        ),
        hostname=f"service-{replica.service_id}",
        labels={"kind": KIND, "service": str(replica.service_id), "replica": replica.uid},
    )


def runs() -> list[Status]:
    """Every replica's run whose folder still exists, of any service, newest first."""
    return [run for run in local_engine().runs() if run.labels.get("kind") == KIND]


def runs_of(service_id: int) -> list[Status]:
    """The runs of a service's replicas, ended ones that are kept too, newest first."""
    return [run for run in runs() if run.labels.get("service") == str(service_id)]


def _threads(revision: Revision) -> dict[str, str]:
    """Libraries start a thread a processor of the host unless told: memory for nothing."""
    count = str(revision.spec.get("threads") or 1)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(names, count)
