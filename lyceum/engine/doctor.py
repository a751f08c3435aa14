"""What of the engine works on this machine, for ``lyceum doctor``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lyceum.engine import limits, rootfs, routes, sandbox, seccomp
from lyceum.engine.base import EngineError
from lyceum.engine.local import LocalEngine
from lyceum.engine.workload import Mount, Network, RunState, Workload

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Check:
    """``name`` is stable; ``ok`` false means less works than could; ``fix`` says what to do."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def checks() -> list[Check]:
    """Try isolation, networks, limits and live mounts for real, in a folder thrown away."""
    with tempfile.TemporaryDirectory(prefix="lyceum-doctor-") as folder:
        engine = LocalEngine(Path(folder))
        return [
            _tried("sandbox", lambda: _sandbox(engine)),
            _tried("host_user", lambda: _host_user(engine)),
            _tried("network", lambda: _network(engine)),
            _limits(),
            _system_calls(),
            _names(),
            _tried("live_mounts", lambda: _live_mount(engine, Path(folder))),
        ]


def _tried(name: str, attempt: Callable[[], Check]) -> Check:
    try:
        return attempt()
    except EngineError as error:
        return Check(name, False, str(error))


def _succeeds(engine: LocalEngine, script: str, network: Network = "none") -> str:
    """The log of a run of ``script``; raises `EngineError` with the reason when it fails."""
    run_id = engine.start(Workload(argv=("/bin/sh", "-c", script), network=network))
    status = engine.wait(run_id, timeout=_SECONDS)
    if status.state != RunState.SUCCEEDED:
        engine.stop(run_id, grace=0.0)
        raise EngineError(status.detail or "it did not end in time")
    return engine.log_path(run_id).read_text().strip()


def _sandbox(engine: LocalEngine) -> Check:
    try:
        _succeeds(engine, "test $(id -u) = 1000 && test ! -e /root")
    except EngineError as error:
        fix = (
            "sudo apt-get install bubblewrap; where it is installed, allow user namespaces: "
            "sudo sysctl -w user.max_user_namespaces=65536"
        )
        return Check("sandbox", False, f"bubblewrap can't isolate user code: {error}", fix)
    return Check("sandbox", True, "user code is isolated by bubblewrap")


def _host_user(engine: LocalEngine) -> Check:
    overflow = Path("/proc/sys/kernel/overflowuid").read_text().strip()
    owner = _succeeds(engine, "stat -c %u /usr")
    if os.geteuid() != 0:
        detail = "user code runs as the platform's own user, confined by the sandbox"
        return Check("host_user", True, detail)
    if owner == overflow:
        return Check("host_user", True, "each run has a host user of its own")
    return Check(
        "host_user",
        False,
        "user code is the host's root, without capabilities: a weaker wall",
        "use Linux 5.12 or newer and a data folder on ext4, xfs or btrfs",
    )


def _network(engine: LocalEngine) -> Check:
    try:
        _succeeds(engine, "grep -q tap0 /proc/net/dev", network="open")
    except EngineError as error:
        fix = (
            "sudo apt-get install slirp4netns; where it is installed, let it make network "
            "interfaces: sudo modprobe tun && sudo chmod 666 /dev/net/tun"
        )
        return Check("network", False, f"sandboxes have no network: {error}", fix)
    return Check("network", True, "sandboxes reach the outside through slirp4netns")


def _limits() -> Check:
    kind = limits.limits_in_force()
    detail = f"memory: {kind.memory_by}; CPU: {kind.cpu_by}; processes: {kind.processes_by}"
    fix = "" if kind is not limits.Watchdog else "run the platform as a service with Delegate=yes"
    return Check("limits", not fix, detail, fix)


def _system_calls() -> Check:
    if seccomp.program() is None:
        fix = "sudo apt-get install libseccomp2"
        return Check("system_calls", False, "user code may use every system call", fix)
    return Check("system_calls", True, "system calls that user code does without are refused")


def _names() -> Check:
    if routes.LINK_LOCAL not in sandbox.forbidden_networks():
        detail = "the name server's address may also hand out this machine's cloud credentials"
        fix = "name another name server in /etc/resolv.conf"
        return Check("names", False, detail, fix)
    if rootfs.nameservers() or rootfs.needs_slirp_dns():
        return Check("names", True, "host names are resolved in sandboxes")
    return Check(
        "names",
        False,
        "sandboxes can't resolve host names: the only name server is 127.0.0.1",
        "name a server that is not on loopback in /etc/resolv.conf",
    )


def _live_mount(engine: LocalEngine, folder: Path) -> Check:
    (folder / "seen").mkdir()
    target = PurePosixPath(rootfs.HOME)
    wait = f"until test -d {target}/seen; do sleep 0.05; done"
    run_id = engine.start(Workload(argv=("/bin/sh", "-c", wait)))
    try:
        mount = Mount(folder, target)
        engine.mount(run_id, mount.source, str(mount.target))
        if engine.wait(run_id, timeout=_SECONDS).state != RunState.SUCCEEDED:
            raise EngineError("the mount was not seen inside")
    except EngineError as error:
        return Check("live_mounts", False, f"{error} (so servers are not started ahead)")
    finally:
        engine.stop(run_id, grace=0.0)
    return Check("live_mounts", True, "folders can be mounted into running sandboxes")
