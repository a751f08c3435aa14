"""``python -m lyceum.engine.ray.driver FOLDER``: the Ray job of one run.

Takes machines for the whole gang at once or for nobody, has a `ShareKeeper` on each start
its share, and writes down how the run ended. It decides nothing that can't be found again
in the folder; when it dies, Ray ends its actors, and they their runs.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import Any

import ray
from ray.util.placement_group import placement_group, placement_group_table

from lyceum.engine import codec, runfolder
from lyceum.engine.base import Status
from lyceum.engine.ray import placement, records
from lyceum.engine.ray.gang import CouldNotStart, Gang
from lyceum.engine.ray.placement import Machine, Share
from lyceum.engine.workload import RunState

_LOOK_SECONDS = 0.5
_BEAT_SECONDS = 2.0
_GRACE = 5.0
"""Seconds that the others are given when one has failed, or only servers are left."""


class Driver:
    """One run, from the machines it waits for to its `records.end`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._record = runfolder.read_json(str(folder), records.RUN)
        self._workload = codec.from_json((folder / runfolder.WORKLOAD).read_text())
        self._asked_by_signal = False
        self._told: dict[str, Any] = {"state": RunState.QUEUED, "shares": []}
        self._beaten = 0.0
        self._cpu_seconds: float | None = None

    def ask_to_stop(self, *_: object) -> None:
        """What SIGTERM does: Ray's way of stopping a job."""
        self._asked_by_signal = True

    def run(self) -> None:
        """Run the gang to its end; nothing if that was written already."""
        if records.read(self._folder, records.ENDING) is not None:
            return
        self._say(machine=ray.util.get_node_ip_address())
        status = self._machines_and_gang()
        records.end(
            self._folder,
            status.state,
            started=self._told.get("started"),
            exit_code=status.exit_code,
            signal=status.signal,
            cpu_seconds=self._cpu_seconds,
            reason=status.reason,
            detail=status.detail,
        )

    def _machines_and_gang(self) -> Status:
        machines = self._take_machines()
        if isinstance(machines, Status):
            return machines
        shares = placement.shares(self._workload.members, machines)
        self._say(state=RunState.STARTING, detail="", shares=[self._facts(one) for one in shares])
        gang = Gang(self._folder, self._record, self._workload, shares, self._group)
        try:
            gang.start()
        except CouldNotStart as error:
            gang.stop(0.0)
            return error.status
        self._say(state=RunState.RUNNING, started=time.time())
        status = self._watch(gang)
        self._cpu_seconds = gang.cpu_seconds()
        return status

    def _take_machines(self) -> list[Machine] | Status:
        """Each member's machine, all kept for us; or why there are none."""
        count = max(len(self._workload.members), 1)
        bundles = [placement.bundle(self._workload.limits) for _ in range(count)]
        self._group = placement_group(bundles, strategy="PACK")
        until = time.monotonic() + self._record["machines_seconds"]
        while not self._group.wait(_LOOK_SECONDS):
            self._say(detail="it waits for machines of the cluster that are free")
            if self._grace_asked() is not None:
                return _stopped()
            if time.monotonic() > until:
                return _no_machines(bundles)
        places = placement_group_table(self._group)["bundles_to_node_id"]
        known = {node["NodeID"]: _machine(node) for node in ray.nodes()}
        return [known[places[index]] for index in range(count)]

    def _facts(self, share: Share) -> dict[str, Any]:
        return {
            "name": share.name,
            "machine": share.machine.name,
            "run_id": records.share_run(self._folder, share.index),
            "members": [member.name for member in share.members],
        }

    def _watch(self, gang: Gang) -> Status:
        while (end := gang.end_so_far()) is None:
            grace = self._grace_asked()
            if grace is not None:
                gang.stop(grace, meanwhile=self._say)
                return _stopped()
            gang.look(_LOOK_SECONDS)
            self._say()
        gang.stop(0.0 if end.state == RunState.LOST else _GRACE, meanwhile=self._say)
        return end

    def _grace_asked(self) -> float | None:
        """The seconds a run that must stop is given; ``None`` while it need not."""
        if records.read(self._folder, records.ENDING) is not None:
            return 0.0  # the engine gave us up: another attempt may run
        order = records.read(self._folder, runfolder.STOP)
        if order is not None:
            return float(order["grace"])
        return _GRACE if self._asked_by_signal else None

    def _say(self, **facts: object) -> None:
        """Write down ``facts`` and that we live; a disk that is full must not end the run."""
        changed = any(self._told.get(name) != value for name, value in facts.items())
        if not changed and time.monotonic() - self._beaten < _BEAT_SECONDS:
            return
        self._told |= facts
        self._beaten = time.monotonic()
        with contextlib.suppress(OSError):
            told = {**self._told, "beat": time.time()}
            runfolder.write_json(str(self._folder), records.DRIVER, told)


def _stopped() -> Status:
    detail = "the run was stopped"
    return Status("", RunState.STOPPED, reason="stopped", detail=detail)


def _no_machines(bundles: list[dict[str, float]]) -> Status:
    each = ", ".join(f"{name} {amount:g}" for name, amount in bundles[0].items())
    detail = f"the cluster had no room for {len(bundles)} × ({each})"
    return Status("", RunState.FAILED, reason="not_started", detail=detail)


def _machine(node: dict[str, Any]) -> Machine:
    address = node["NodeManagerAddress"]
    # Ray's name of a machine is its address unless the operator gave it another one.
    name = node.get("NodeName") or address
    return Machine(
        node["NodeID"], node["NodeManagerHostname"] if name == address else name, address
    )


def main(arguments: list[str]) -> None:
    """Run the folder's gang."""
    ray.init(address="auto", log_to_driver=False)
    driver = Driver(Path(arguments[0]))
    signal.signal(signal.SIGTERM, driver.ask_to_stop)
    driver.run()


if __name__ == "__main__":
    main(sys.argv[1:])
