"""The sandbox of a service's replica: what is mounted, what may be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lyceum import environments, runtime
from lyceum.config import settings
from lyceum.engine import local_engine, task_engine
from lyceum.engine.base import Engine, Status
from lyceum.engine.workload import Forward, Limits, Mount, Workload
from lyceum.gateway.nodes import secret_of
from lyceum.limits import limit
from lyceum.serving.bundles import revision_folder
from lyceum.serving.models import Replica, Revision

KIND = "service"
"""The label ``kind`` of a replica's run; ``service`` and ``replica`` say whose it is."""

_PREDICTOR = PurePosixPath("/opt/lyceum/predictor")
PROGRAM = _PREDICTOR / "__main__.py"
BUNDLE = PurePosixPath("/serving/bundle")
GATEWAY = PurePosixPath("/serving/gateway")

_ON_CLUSTER = "replica-"
"""How the name of a replica's run on a cluster begins; those of this machine begin with
a date."""

_MEGABYTE = 1024 * 1024
_LOG_BYTES = 10 * _MEGABYTE
_OPEN_FILES = 1024


def replica_folder(uid: str) -> Path:
    """The folder in which the gateway listens for a replica's worker."""
    return replicas_folder() / uid


def replicas_folder() -> Path:
    """Where the replicas' folders are."""
    return settings().root / "gateway" / "replicas"


def start_replica(replica: Replica) -> str:
    """Start a replica's run where services run; its run id.

    Raises ``EngineError``, ``OSError``, as `replica_workload`.
    """
    is_local = settings().engine == "local"
    run_id = None if is_local else f"{_ON_CLUSTER}{replica.uid}"
    return task_engine().start(replica_workload(replica), run_id=run_id)


def engine_of(run_id: str) -> Engine:
    """The engine that has this replica's run, whatever `LYCEUM_ENGINE` was when it began."""
    return task_engine() if run_id.startswith(_ON_CLUSTER) else local_engine()


def replica_workload(replica: Replica) -> Workload:
    """The sandbox in which ``replica`` serves its revision: the predictor, no network.

    Raises ``FileNotFoundError`` while the revision's environment is not built.
    """
    revision = replica.revision
    environment = revision.environment
    way = _on_this_machine(replica) if settings().engine == "local" else _on_cluster(replica)
    return Workload(
        argv=(str(environments.python(environment)), "-B", str(PROGRAM), "serve"),
        name=f"service {replica.service_id}",
        cwd=BUNDLE,
        env={
            **environments.kernel_environment(environment),
            **_threads(revision),
            # Without a sandbox (LYCEUM_SANDBOX=off) the engine puts the host's paths here.
            "LYCEUM_SERVING_BUNDLE": str(BUNDLE),
            **way.env,
            "LYCEUM_REPLICA": replica.uid,
            "PYTHONUNBUFFERED": "1",
        },
        mounts=(
            Mount(revision_folder(revision.pk), BUNDLE),
            *way.mounts,
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
        forwards=way.forwards,
        hostname=f"service-{replica.service_id}",
        labels={"kind": KIND, "service": str(replica.service_id), "replica": replica.uid},
    )


def runs() -> list[Status]:
    """Every replica's run whose folder still exists, of any service, newest first.

    On a cluster, those that are still on this machine from before come after its own.
    """
    engines: list[Engine] = [local_engine()]
    if settings().engine != "local":
        engines.insert(0, task_engine())
    found = (run for engine in engines for run in engine.runs())
    return [run for run in found if run.labels.get("kind") == KIND]


def runs_of(service_id: int) -> list[Status]:
    """The runs of a service's replicas, ended ones that are kept too, newest first."""
    return [run for run in runs() if run.labels.get("service") == str(service_id)]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a worker comes to the gateway."""

    env: dict[str, str]
    mounts: tuple[Mount, ...] = ()
    forwards: tuple[Forward, ...] = ()


def _on_this_machine(replica: Replica) -> _Way:
    """A unix socket of the replica's own (ADR 6)."""
    mount = Mount(replica_folder(replica.uid), GATEWAY)
    return _Way({"LYCEUM_SERVING_GATEWAY": str(GATEWAY)}, mounts=(mount,))


def _on_cluster(replica: Replica) -> _Way:
    """One port for all, and a secret of the replica's own (ADR 9).

    In the sandbox, which has no network, that port of its loopback leads there.
    """
    current = settings()
    host, port = current.nodes_address
    env = {"LYCEUM_REPLICA_SECRET": secret_of(current.secrets().internal_token, replica.uid)}
    if current.sandbox == "off":
        return _Way(env | {"LYCEUM_SERVING_ADDRESS": f"{host}:{port}"})
    env["LYCEUM_SERVING_ADDRESS"] = f"127.0.0.1:{port}"
    return _Way(env, forwards=(Forward(port, f"{host}:{port}"),))


def _threads(revision: Revision) -> dict[str, str]:
    """Libraries start a thread a processor of the host unless told: memory for nothing."""
    count = str(revision.spec.get("threads") or 1)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(names, count)
