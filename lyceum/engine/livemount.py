"""Adds a mount to a running sandbox or takes one away, from a process of its own.

Joining a mount namespace is for single-threaded processes, and there is no way
back, so `mounting` starts this as a program.
"""

from __future__ import annotations

import errno
import os
import sys

from lyceum.engine import kernel, stage


def main(arguments: list[str]) -> None:
    """``attach PID TARGET SOURCE ro|rw USER`` or ``detach PID TARGET TIMES``; a sentence
    and status 1 when it can't.

    ``PID``: a process in the sandbox; ``USER``: the run's user on the host, or ``-``;
    ``TIMES``: how many mounts lie on each other at the target.
    """
    what, pid, target, *more = arguments
    try:
        if what == "attach":
            _attach(pid, target, *more)
        else:
            _detach(pid, target, int(more[0]))
    except OSError as error:
        if error.errno == errno.ELOOP:
            sys.exit(f"{target} is behind a link")
        verb = "mounted" if what == "attach" else "unmounted"
        sys.exit(f"{target} can't be {verb} in a running sandbox: {error}")


def _attach(pid: str, target: str, source: str, access: str, user: str) -> None:
    tree = _tree(source, access == "rw", None if user == "-" else int(user))
    _enter(pid)
    kernel.attach(tree, kernel.open_place(target))


def _detach(pid: str, target: str, times: int) -> None:
    own_descriptors = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY)
    _enter(pid)
    for _ in range(times):
        try:
            kernel.detach(kernel.open_place(target), own_descriptors)
        except OSError as error:
            # The learner moved the folder, or an earlier try got this far.
            if error.errno not in (errno.EINVAL, errno.ENOENT):
                raise


def _enter(pid: str) -> None:
    """From here on every path is the sandbox's."""
    kernel.setns(os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY), kernel.CLONE_NEWNS)


def _tree(source: str, writable: bool, user: int | None) -> int:
    tree = kernel.open_tree(source)
    wanted = kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV
    if not writable:
        wanted |= kernel.MOUNT_ATTR_RDONLY
    if user is None:
        kernel.set_mount(tree, wanted)
        return tree
    mapping = stage.mapping(user)
    kernel.set_mount(tree, wanted | kernel.MOUNT_ATTR_IDMAP, mapping)
    return tree
