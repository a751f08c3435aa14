"""What each process of a task is told: its role, its number, where the others are.

The names are the guide's (集群项目 / PaddlePaddle集群训练说明) and those that the
frameworks of the environments read for themselves; docs/cluster-variables.md has each
one's source. Hosts and ports are the engine's to give: see ``Member``.
"""

from __future__ import annotations

import os

from lyceum import environments
from lyceum.engine.workload import Member
from lyceum.tasks.models import Task

TRAINER = "trainer"
PSERVER = "pserver"

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_LOCAL = ("localhost", "127.0.0.1")


def members(task: Task) -> tuple[Member, ...]:
    """The processes of ``task``: its parameter servers, then its trainers.

    Each runs the main file in the working folder, with the interpreter of the task's
    environment.
    """
    # A name that begins with a dash would be read as an option.
    main_file = f"./{task.main_file}" if task.main_file.startswith("-") else task.main_file
    argv = (str(environments.python(task.environment)), "-u", main_file)
    roles = [(PSERVER, index) for index in range(task.pservers)]
    roles += [(TRAINER, index) for index in range(task.trainers)]
    return tuple(Member(role, index, argv, variables(task, role, index)) for role, index in roles)


def variables(task: Task, role: str, index: int) -> dict[str, str]:
    """The variables of one member: ``role`` is ``TRAINER`` or ``PSERVER`` above."""
    common = _everybody(task, role, index) | _parameter_servers(task)
    return common | (_trainer(task, index) if role == TRAINER else _pserver(index))


def _everybody(task: Task, role: str, index: int) -> dict[str, str]:
    word = role.upper()
    return {
        "PADDLE_TRAINERS": str(task.trainers),
        "PADDLE_TRAINERS_NUM": str(task.trainers),
        "PADDLE_TRAINING_ROLE": word,
        # The guide's listing has both names; it means one thing.
        "PADDLE_TRAINER_ROLE": word,
        "TRAINING_ROLE": word,
        "PADDLE_TRAINER_ENDPOINTS": _endpoints(TRAINER, task.trainers),
        "PADDLE_CURRENT_ENDPOINT": _endpoint(role, index),
        "PADDLE_CURRENT_IP": _host(role, index),
        "POD_IP": _host(role, index),
        "PADDLE_PORT": _port(role, index),
        "PADDLE_IS_LOCAL": "0" if task.pservers else "1",
        "PADDLE_JOB_ID": str(task.pk),
        "MASTER_ADDR": _host(TRAINER, 0),
        "MASTER_PORT": f"{{port2:{TRAINER}-0}}",
        "WORLD_SIZE": str(task.trainers),
        "LYCEUM_TASK": str(task.pk),
        "LYCEUM_ATTEMPT": str(task.attempt),
        "PYTHONUNBUFFERED": "1",
        **dict.fromkeys(_THREADS, str(task.cpus)),
        **_no_proxy(task),
    }


def _trainer(task: Task, index: int) -> dict[str, str]:
    """A trainer counts as a machine of its own: it has its own CPUs, and GPUs if any."""
    return {
        "PADDLE_TRAINER_ID": str(index),
        "PADDLE_RANK": str(index),
        "PADDLE_GLOBAL_RANK": str(index),
        "PADDLE_GLOBAL_SIZE": str(task.trainers),
        "PADDLE_LOCAL_RANK": "0",
        "PADDLE_LOCAL_SIZE": "1",
        "PADDLE_RANK_IN_NODE": "0",
        "PADDLE_NNODES": str(task.trainers),
        "PADDLE_MASTER": _endpoint(TRAINER, 0),
        "RANK": str(index),
        "LOCAL_RANK": "0",
        "LOCAL_WORLD_SIZE": "1",
        "GROUP_RANK": str(index),
        **({"FLAGS_selected_gpus": "0"} if task.gpus else {"PADDLE_DISTRI_BACKEND": "gloo"}),
    }


def _pserver(index: int) -> dict[str, str]:
    """A parameter server trains nothing; ``transpile`` wants a trainer's number of it too."""
    return {"PADDLE_TRAINER_ID": "0", "PADDLE_PSERVER_ID": str(index)}


def _parameter_servers(task: Task) -> dict[str, str]:
    """Nothing without any: an empty list would be read as one server without a name."""
    if not task.pservers:
        return {}
    endpoints = _endpoints(PSERVER, task.pservers)
    return {
        "PADDLE_PSERVERS_IP_PORT_LIST": endpoints,
        "PADDLE_PSERVER_ENDPOINTS": endpoints,
        "PADDLE_PSERVERS_ENDPOINTS": endpoints,
        "PADDLE_PSERVERS_NUM": str(task.pservers),
        "PADDLE_PSERVER_NUMS": str(task.pservers),
        **(_one_port() if task.pservers == 1 else {}),
    }


def _one_port() -> dict[str, str]:
    """Fluid's first names give one port for all servers, which several here don't share."""
    return {"PADDLE_PSERVER_IPS": _host(PSERVER, 0), "PADDLE_PSERVER_PORT": _port(PSERVER, 0)}


def _no_proxy(task: Task) -> dict[str, str]:
    """Fluid's gRPC would ask the host's proxy for the parameter servers."""
    hosts = [_host(PSERVER, index) for index in range(task.pservers)]
    hosts += [_host(TRAINER, index) for index in range(task.trainers)]
    names = ("no_proxy", "NO_PROXY")
    given = [word for name in names for word in os.environ.get(name, "").split(",") if word]
    return dict.fromkeys(names, ",".join(dict.fromkeys([*given, *_LOCAL, *hosts])))


def _endpoints(role: str, count: int) -> str:
    return ",".join(_endpoint(role, index) for index in range(count))


def _endpoint(role: str, index: int) -> str:
    return f"{_host(role, index)}:{_port(role, index)}"


def _host(role: str, index: int) -> str:
    return f"{{host:{role}-{index}}}"


def _port(role: str, index: int) -> str:
    return f"{{port:{role}-{index}}}"
