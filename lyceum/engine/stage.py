"""Gives a run a host user of its own while its files stay the platform's. Standard library only.

Where the platform is root, user code must not be root on the host: the kernel
allows that user things that need no capability. So bubblewrap starts as a user
number nobody else has, and the mounts are identity-mapped (Linux 5.12): what
belongs to the platform's user on disk belongs to the run's user inside.
"""

from __future__ import annotations

import contextlib
import os
import signal

from lyceum.engine import kernel

# systemd's UIDS-GIDS.md keeps 1879048192..2147483647 free of any use; process
# numbers go to 4194304, so the shim's makes a user no other run has.
_FIRST_UID = 1_879_048_192
_SWITCHES = {
    "/proc/sys/kernel/unprivileged_userns_clone": "0",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1",
}
_STAGE = "/tmp"  # noqa: S108 - a mount point in a namespace of our own, not the host's folder


def run_user() -> int | None:
    """The host user number for this shim's run; ``None`` where there can't be one."""
    if os.geteuid() != 0:
        return None
    for path, forbidding in _SWITCHES.items():
        with contextlib.suppress(FileNotFoundError), open(path) as file:
            if file.read().strip() == forbidding:
                return None
    return _FIRST_UID + os.getpid()


def mapped_trees(sources: list[str], user: int) -> list[int]:
    """Detached copies of ``sources`` in which the platform's files are ``user``'s.

    Raises ``OSError`` where the kernel or a file system can't do that.
    """
    own = mapping(user)
    trees: list[int] = []
    try:
        for source in sources:
            trees.append(kernel.open_tree(source))
            kernel.set_mount(trees[-1], kernel.MOUNT_ATTR_IDMAP, own)
    except OSError:
        for tree in trees:
            os.close(tree)
        raise
    finally:
        os.close(own)
    return trees


def mapping(user: int) -> int:
    """A user namespace in which the platform's user on disk is ``user`` in a mount."""
    made, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            kernel.unshare(kernel.CLONE_NEWUSER)
            os.write(tell, b"1")
            signal.pause()
        finally:
            os._exit(1)
    os.close(tell)
    try:
        if not os.read(made, 1):
            raise PermissionError("a user namespace can't be made")
        for kind, number in (("uid", os.geteuid()), ("gid", os.getegid())):
            with open(f"/proc/{child}/{kind}_map", "w") as file:
                file.write(f"{number} {user} 1")
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(made)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def staged(index: int) -> str:
    """Where `become` puts the tree with this number."""
    return f"{_STAGE}/{index}"


def become(user: int, trees: list[int]) -> None:
    """Make the calling process ``user``, in a mount namespace that shows it the trees."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("stage", _STAGE, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
    for index, tree in enumerate(trees):
        _put(tree, staged(index))
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _put(tree: int, path: str) -> None:
    if os.path.isdir(f"/proc/self/fd/{tree}"):
        os.mkdir(path)
    else:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    kernel.attach(tree, target)
    os.close(target)
