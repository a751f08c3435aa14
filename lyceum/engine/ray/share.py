"""One share of a gang on its machine: a Ray actor that keeps a `LocalEngine` run.

The actor's process holds one end of a pipe and `lifeline` the other: however the actor
goes, with its job, with Ray on this machine or by a signal, its run goes too.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import psutil
import ray

from lyceum.engine import codec, gangs, runfolder, starting
from lyceum.engine.local import LocalEngine
from lyceum.engine.ray import records

_INTERFACE_NAMES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME", "TP_SOCKET_IFNAME")
_LOOK_SECONDS = 0.25
_SAMPLE_SECONDS = 2.0


class ShareKeeper:
    """Starts one run, waits for its end and stops it; called by the driver only."""

    def __init__(self, folder: str, run_id: str, sandbox: str) -> None:
        """``folder``: of the whole run, in which this one has its own."""
        self._run_id = run_id
        self._engine = LocalEngine(Path(folder), sandbox=sandbox)
        # Until this process ends: nobody else has it, and nobody closes it.
        self._lifeline = _tie(folder, run_id, sandbox)

    def machine(self) -> str:
        """Ray's id of the machine this is really on."""
        return ray.get_runtime_context().get_node_id()

    def addresses(self, workload: str, host: str) -> dict[str, gangs.Address]:
        """Where the members of this JSON workload can listen, on this machine's ``host``."""
        return gangs.free_addresses(codec.from_json(workload).members, host)

    def start(self, text: str, address: str) -> None:
        """Start this JSON workload; raises `EngineError` where it can't be.

        ``address``: this machine's, as the others of the gang reach it.
        """
        workload = codec.from_json(text)
        if workload.network == "host":
            workload = replace(workload, env=interfaces(address) | workload.env)
        self._engine.start(workload, run_id=self._run_id)

    def wait(self) -> str:
        """The run's final status as JSON; until then writes down what it uses."""
        sampled = 0.0
        while (status := self._engine.status(self._run_id)).alive:
            if time.monotonic() - sampled > _SAMPLE_SECONDS:
                self._sample()
                sampled = time.monotonic()
            time.sleep(_LOOK_SECONDS)
        return codec.status_to_json(status)

    def stop(self, grace: float) -> None:
        """Ask the run to end, kill it after ``grace`` seconds."""
        with contextlib.suppress(KeyError):
            self._engine.stop(self._run_id, grace=grace)

    def _sample(self) -> None:
        usage = self._engine.usage(self._run_id)
        if usage is None:
            return
        folder = self._engine.log_path(self._run_id).parent
        facts = {"cpu_seconds": usage.cpu_seconds, "memory_bytes": usage.memory_bytes}
        facts |= {"processes": usage.processes, "at": time.time()}
        with contextlib.suppress(OSError):  # a full disk must not end the run
            runfolder.write_json(str(folder), records.USAGE, facts)


def interfaces(address: str) -> dict[str, str]:
    """What makes collectives listen where others reach them.

    Gloo and NCCL would ask for the address of the host's name, and in a sandbox that
    is its loopback.
    """
    name = next(
        (
            interface
            for interface, found in psutil.net_if_addrs().items()
            if any(one.address == address for one in found)
        ),
        "lo" if ip_address(address).is_loopback else None,
    )
    return dict.fromkeys(_INTERFACE_NAMES, name) if name else {}


def _tie(folder: str, run_id: str, sandbox: str) -> int:
    watched, held = os.pipe()
    subprocess.run(
        starting.python("ray.lifeline", folder, run_id, sandbox),
        stdin=watched,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        timeout=30,
        check=True,
    )
    os.close(watched)
    return held
