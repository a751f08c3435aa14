"""The actors of a gang's shares, as the driver sees them."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayError, RayTaskError
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from lyceum.engine import codec, gangs
from lyceum.engine.base import Status
from lyceum.engine.ray import placement, records
from lyceum.engine.ray.placement import Share
from lyceum.engine.ray.share import ShareKeeper
from lyceum.engine.workload import RunState, Workload

_START_SECONDS = 90.0
_STOP_SECONDS = 20.0


class CouldNotStart(Exception):
    """A share could not be started; ``status`` is how the run ended."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.detail)
        self.status = status


class Gang:
    """Starts all shares or raises, knows who has ended, stops who has not."""

    def __init__(
        self,
        folder: Path,
        record: dict[str, Any],
        workload: Workload,
        shares: list[Share],
        group: Any,
    ) -> None:
        self._workload = workload
        self._shares = shares
        keeper = ray.remote(ShareKeeper)
        self._actors = [
            keeper.options(
                num_cpus=0,
                max_concurrency=4,
                scheduling_strategy=PlacementGroupSchedulingStrategy(
                    group, placement_group_bundle_index=share.bundle
                ),
            ).remote(str(folder), records.share_run(folder, share.index), record["sandbox"])
            for share in shares
        ]
        self._waits: dict[Any, Share] = {}
        self._ends: list[tuple[Share, Status]] = []

    def start(self) -> None:
        """Start every share; raises `CouldNotStart`."""
        for share, there in zip(self._shares, self._all("machine"), strict=True):
            if there != share.machine.id:  # it died, and Ray looked for another one
                raise CouldNotStart(placement.lost(share))
        pairs = zip(self._workloads(), self._shares, strict=True)
        self._all("start", *([codec.to_json(own), one.machine.address] for own, one in pairs))
        self._waits = {
            actor.wait.remote(): share
            for actor, share in zip(self._actors, self._shares, strict=True)
        }

    def _workloads(self) -> list[Workload]:
        """Each share's workload, with addresses where there are several machines."""
        if len(self._shares) == 1:
            return [self._workload]
        own = [dataclasses.replace(self._workload, members=one.members) for one in self._shares]
        asked = [
            [codec.to_json(workload), share.machine.address]
            for workload, share in zip(own, self._shares, strict=True)
        ]
        places = {
            name: at for found in self._all("addresses", *asked) for name, at in found.items()
        }
        return [
            placement.workload_of(self._workload, gangs.resolved(share.members, places))
            for share in self._shares
        ]

    def _all(self, method: str, *arguments: list[str]) -> list[Any]:
        """The answers of all actors to a call of ``method``; raises `CouldNotStart`."""
        given = arguments or ([],) * len(self._actors)
        asked = [
            getattr(actor, method).remote(*words)
            for actor, words in zip(self._actors, given, strict=True)
        ]
        until = time.monotonic() + _START_SECONDS
        answers = []
        for share, reference in zip(self._shares, asked, strict=True):
            try:
                answers.append(ray.get(reference, timeout=max(until - time.monotonic(), 0.1)))
            except RayTaskError as error:
                raise CouldNotStart(_not_started(share, str(error.cause))) from error
            except (RayActorError, GetTimeoutError, RayError) as error:
                raise CouldNotStart(placement.lost(share)) from error
        return answers

    def look(self, seconds: float) -> None:
        """Learn who has ended, waiting so long for it at most."""
        if not self._waits:
            time.sleep(seconds)
            return
        ended, _ = ray.wait(list(self._waits), timeout=seconds)
        for reference in ended:
            share = self._waits.pop(reference)
            self._ends.append((share, _end(reference, share)))

    def end_so_far(self) -> Status | None:
        """How the run ended, ``None`` while that is open."""
        return placement.decided(self._ends, self._shares) if self._ends else None

    def cpu_seconds(self) -> float:
        """What the shares used that have ended, as far as they could still say so."""
        return sum(status.cpu_seconds or 0.0 for _, status in self._ends)

    def stop(self, grace: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        """End whoever has not: SIGTERM, after ``grace`` seconds SIGKILL, then the actors."""
        going = {share.index for share in self._waits.values()}
        asked = [self._actors[index].stop.remote(grace) for index in sorted(going)]
        until = time.monotonic() + grace + _STOP_SECONDS
        while self._waits and asked and time.monotonic() < until:
            self.look(0.2)
            meanwhile()
        for actor in self._actors:
            ray.kill(actor)


def _end(reference: Any, share: Share) -> Status:
    try:
        status = codec.status_from_json(ray.get(reference))
    except RayError:
        return placement.lost(share)
    if status.state == RunState.LOST:
        detail = f"{status.detail} on the machine {share.machine.name}"
        return dataclasses.replace(status, detail=detail)
    return status


def _not_started(share: Share, why: str) -> Status:
    detail = f"{why} (on {share.machine.name})"
    return Status(share.name, RunState.FAILED, reason="not_started", detail=detail)
