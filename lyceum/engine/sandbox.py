"""A workload as a plan for its shim: bubblewrap's options, mounts, limits, network."""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from lyceum.engine import hostenv, rootfs, routes, seccomp
from lyceum.engine.base import EngineError, SandboxUnavailable
from lyceum.engine.workload import OUTWARD, Mount, Workload

_DEFAULT_SCRATCH = 1 << 30  # bytes of /tmp and /dev/shm each, when memory is not limited
_TOOLS = {"bwrap": "bubblewrap", "slirp4netns": "slirp4netns"}


def tool(name: str) -> str:
    """The path of a program isolation needs; `SandboxUnavailable` says how to get it."""
    path = shutil.which(name)
    if path is None:
        raise SandboxUnavailable(
            f"user code can't be isolated: the program {name} is missing. "
            f"Install it with: sudo apt-get install {_TOOLS[name]} "
            "(or, to run user code with no isolation at all, set LYCEUM_SANDBOX=off)"
        )
    return path


def bubblewrap_options(workload: Workload) -> tuple[list[str], list[str]]:
    """bubblewrap's options before and after those of the mounts."""
    scratch = str((workload.limits.memory_bytes or 2 * _DEFAULT_SCRATCH) // 2)
    targets = {str(mount.target) for mount in workload.mounts}
    before = [
        *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
        *(() if workload.network == "host" else ("--unshare-net",)),
        *("--unshare-cgroup-try", "--disable-userns", "--die-with-parent", "--new-session"),
        *("--cap-drop", "ALL", "--uid", str(rootfs.UID), "--gid", str(rootfs.UID)),
        *("--hostname", workload.hostname),
        *rootfs.system_arguments(),
        # The kernel lets its root user write to /proc/sys without any capability, and user
        # code is that user where it can't be given another one (`stage.py`).
        *("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"),
        *_hidden("/proc/sysrq-trigger", "/proc/kcore", "/proc/keys"),
        *("--perms", "1777", "--size", scratch, "--tmpfs", "/dev/shm"),  # noqa: S108
        *("--perms", "1777", "--size", scratch, "--tmpfs", "/tmp"),  # noqa: S108
        *("--symlink", "/tmp", "/var/tmp", "--dir", "/run"),  # noqa: S108
    ]
    if rootfs.HOME not in targets:
        before += ["--size", scratch, "--tmpfs", rootfs.HOME]
    after = ["--remount-ro", "/dev", "--remount-ro", "/", "--clearenv"]
    for name, value in environment(workload).items():
        after += ["--setenv", name, value]
    return before, [*after, "--chdir", str(workload.cwd)]


def _hidden(*files: str) -> list[str]:
    """Options that put an empty file over each of these that this kernel has."""
    return [
        word for file in files if os.path.exists(file) for word in ("--ro-bind", os.devnull, file)
    ]


def environment(workload: Workload) -> dict[str, str]:
    """All variables the program starts with; the workload's own win."""
    base = {
        "PATH": rootfs.PATH,
        "HOME": rootfs.HOME,
        "USER": rootfs.USER,
        "LOGNAME": rootfs.USER,
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
    }
    if workload.network in OUTWARD:
        base |= hostenv.passed_on()
    return base | workload.env


def plan(workload: Workload, folder: Path) -> dict:
    """Everything the shim needs, as JSON; writes the sandbox's /etc into ``folder``.

    Raises `EngineError` for a workload that can't run, `SandboxUnavailable` when
    this machine lacks a program.
    """
    check(workload)
    before, after = bubblewrap_options(workload)
    etc = rootfs.write_etc(folder / "etc", hostname=workload.hostname, network=workload.network)
    mounts = [Mount(source, PurePosixPath("/etc") / name) for name, source in sorted(etc.items())]
    if workload.network in OUTWARD:
        taken = {mount.target for mount in workload.mounts}
        extra = hostenv.mounts_for(hostenv.passed_on())
        mounts += [mount for mount in extra if mount.target not in taken]
    mounts += sorted(workload.mounts, key=lambda mount: len(mount.target.parts))
    make_mount_points(workload.mounts)
    return {
        "confined": True,
        "bwrap": tool("bwrap"),
        "own_network": workload.network != "host",
        "slirp4netns": tool("slirp4netns") if workload.network == "open" else None,
        "slirp_dns": workload.network == "open" and rootfs.needs_slirp_dns(),
        "forbidden": forbidden_networks() if workload.network == "open" else [],
        "seccomp": seccomp_file(folder),
        "before": before,
        "mounts": [[str(one.source), str(one.target), one.writable] for one in mounts],
        "after": after,
        "argv": list(workload.argv),
    }


def unconfined_plan(workload: Workload) -> dict:
    """The plan of a run with no isolation: a mount's target stands for its source.

    The program opens its port on the host's loopback itself, so two such runs
    can't listen on the same one. A forward to another port is refused.
    """
    check(workload)
    for forward in workload.forwards:
        if forward.address.rpartition(":")[2] != str(forward.port):
            raise EngineError(f"without a sandbox, port {forward.port} can't lead elsewhere")
    on_host = host_paths(workload.mounts)
    return {
        "confined": False,
        "mounts": [[str(one.source), str(one.target), one.writable] for one in workload.mounts],
        "argv": [on_host(word) for word in workload.argv],
        "env": {name: on_host(value) for name, value in environment(workload).items()},
        "cwd": on_host(str(workload.cwd)),
    }


def host_paths(mounts: tuple[Mount, ...]) -> Callable[[str], str]:
    """What puts the sources of ``mounts`` where a text has their targets."""
    places = sorted(mounts, key=lambda mount: -len(mount.target.parts))

    def on_host(text: str) -> str:
        for mount in places:
            text = re.sub(
                rf"(?<![\w/.-]){re.escape(str(mount.target))}(?![\w.-])", str(mount.source), text
            )
        return text

    return on_host


def forbidden_networks() -> list[tuple[str, int]]:
    """``(address, prefix length)`` an open network does not lead to.

    A name server among them stays reachable, and on some clouds that is the
    very address which hands out the machine's credentials (`doctor` says so).
    """
    servers = rootfs.nameservers()
    own = [(address, 32) for address in routes.own_addresses() if address not in servers]
    if any(ipaddress.ip_address(server).is_link_local for server in servers):
        return own
    return [routes.LINK_LOCAL, *own]


def seccomp_file(folder: Path) -> str | None:
    """The system call filter as a file in ``folder``; ``None`` where there can't be one."""
    program = seccomp.program()
    if program is None:
        return None
    (folder / "seccomp.bpf").write_bytes(program)
    return str(folder / "seccomp.bpf")


def check(workload: Workload) -> None:
    """Raise `EngineError` where the workload can't mean anything here."""
    if not workload.argv:
        raise EngineError("a workload needs a program to run")
    if workload.network == "host" and (workload.listen is not None or workload.forwards):
        raise EngineError("on its host's own network, a workload's ports lead nowhere else")
    if workload.limits.gpus:
        raise EngineError("this engine has no GPUs to give")
    words = [*workload.argv, *workload.env, *workload.env.values(), workload.hostname]
    words += [str(workload.cwd), *(str(mount.target) for mount in workload.mounts)]
    if any("\0" in word for word in words):
        # bubblewrap's options are told apart by it: what follows could be one more.
        raise EngineError("a NUL character can't be part of a workload")
    for mount in workload.mounts:
        if not mount.target.is_absolute() or ".." in mount.target.parts:
            raise EngineError(f"a mount's target must be an absolute path, not {mount.target}")
        if not mount.source.is_absolute() or not mount.source.exists():
            raise EngineError(f"nothing to mount at {mount.source}")


def make_mount_points(mounts: tuple[Mount, ...], *, only: Mount | None = None) -> None:
    """Make the folders that mounts inside other mounts are put on.

    Left to bubblewrap, a link planted by user code in an earlier run would lead
    out of the work folder, on the host. Raises `EngineError` where one is found.
    ``only``: just the one that this mount among them needs.
    """
    for mount in mounts if only is None else (only,):
        outer = deepest_around(mount, mounts)
        if outer is not None:
            inside = mount.target.relative_to(outer.target)
            _make_beneath(outer.source, inside, is_folder=mount.source.is_dir())


def deepest_around(mount: Mount, mounts: tuple[Mount, ...]) -> Mount | None:
    """The mount among ``mounts`` that this one is inside of; ``None`` if there is none."""
    around = [
        other
        for other in mounts
        if other.target != mount.target and mount.target.is_relative_to(other.target)
    ]
    return max(around, key=lambda other: len(other.target.parts), default=None)


def _make_beneath(root: Path, path: PurePosixPath, *, is_folder: bool) -> None:
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
    here = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for depth, name in enumerate(path.parts, start=1):
            folder = is_folder or depth < len(path.parts)
            _make_one(here, name, folder)
            there = os.open(name, flags, dir_fd=here)
            os.close(here)
            here = there
            mode = os.fstat(here).st_mode
            if not (stat.S_ISDIR(mode) if folder else stat.S_ISREG(mode)):
                wanted = "folder" if folder else "plain file"
                raise EngineError(
                    f"{root / path} is needed to mount on, and {name} is no {wanted}"
                )
    finally:
        os.close(here)


def _make_one(parent: int, name: str, folder: bool) -> None:
    try:
        if folder:
            os.mkdir(name, dir_fd=parent)
        else:
            new = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            os.close(os.open(name, new, 0o644, dir_fd=parent))
    except FileExistsError:
        return
