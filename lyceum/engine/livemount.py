"""Adds a mount to a running sandbox, from a process of its own.

Joining a mount namespace is for single-threaded processes, and there is no way
back, so `local.LocalEngine.mount` starts this as a program.
"""

from __future__ import annotations

import os
import sys

from lyceum.engine import kernel, stage


def main(arguments: list[str]) -> None:
    """``livemount PID SOURCE TARGET ro|rw USER``; a sentence and status 1 when it can't.

    ``PID``: a process in the sandbox; ``USER``: the run's user on the host, or ``-``.
    """
    pid, source, target, access, user = arguments
    try:
        tree = _tree(source, access == "rw", None if user == "-" else int(user))
        kernel.setns(os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY), kernel.CLONE_NEWNS)
        # From here on every path is the sandbox's.
        if os.path.realpath(target) != target:
            sys.exit(f"{target} is behind a link")
        kernel.attach(tree, os.open(target, os.O_PATH | os.O_NOFOLLOW))
    except OSError as error:
        sys.exit(f"{source} can't be mounted at {target} in a running sandbox: {error}")


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
